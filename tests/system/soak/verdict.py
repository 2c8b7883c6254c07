"""Whether it all came to what the ledgers say: effects, events, audit entries, outboxes, chain."""

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import httpx

from cli import verify_trail
from local.plan import load_plan
from tests.system.mesh import ROOT, Mesh, eventually
from tests.system.soak.clients import Client

CREATED = "airtable-connector.record-created.v1"
WAITING = ("outbox_rows", "audit_outbox_rows", "audit_outbox_refused")


@dataclass(frozen=True)
class Target:
    """Where a client's writes go: a table (base, table, field) of Airtable, or, all three empty, the event store."""

    base: str = ""
    table: str = ""
    field: str = ""


class Wrong(AssertionError):
    """Something acknowledged is lost, doubled or untold."""


def outboxes_drain(mesh: Mesh, within: float) -> float:
    """Seconds until no app has an event or an audit entry to hand over. Raises AssertionError after `within`."""
    ports = [app.port + mesh.offset + 5900 for app in load_plan(ROOT / "dapr.yaml").apps]
    return eventually(lambda: not any(map(_waiting, ports)), within, "every outbox is empty")


def _waiting(port: int) -> float:
    lines = httpx.get(f"http://127.0.0.1:{port}/metrics").raise_for_status().text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(WAITING))


def airtable(mesh: Mesh, target: Target) -> dict[str, str]:
    """Record id → name, of all records of a table, asked of the simulated Airtable itself."""
    found: dict[str, str] = {}
    asked = {"pageSize": "100"}
    headers = {"authorization": f"Bearer {mesh.address.sandbox_token}"}
    direct = httpx.Client(base_url=mesh.address.sandbox_url or "", headers=headers, timeout=60)
    with without_limits(mesh), direct:
        while True:
            page = direct.get(f"/v0/{target.base}/{target.table}", params=asked).raise_for_status().json()
            found |= {each["id"]: each["fields"].get(target.field, "") for each in page["records"]}
            if "offset" not in page:
                return found
            asked["offset"] = page["offset"]


@contextmanager
def without_limits(mesh: Mesh) -> Iterator[None]:
    """The simulated Airtable counts nobody's calls inside the block."""
    limits = f"{mesh.address.sandbox_admin_url}/limits"
    before = httpx.get(limits).raise_for_status().json()["mode"]
    httpx.post(limits, json={"mode": "off"}).raise_for_status()
    try:
        yield
    finally:
        httpx.post(limits, json={"mode": before}).raise_for_status()


def entries(mesh: Mesh) -> tuple[dict[str, Any], Iterator[dict[str, Any]]]:
    """What the offline verifier says of the tenant's whole trail, and its entries. Raises verify_trail.Broken."""
    client = mesh.client()
    export = client.send("POST", "/api/v1/audit/exports", json={"format": "bundle"})["id"]
    path = f"/api/v1/audit/exports/{export}"
    eventually(lambda: client.get(path)["state"] == "done", within=600, what="the trail is exported")
    with httpx.Client(base_url=mesh.address.url, headers={"authorization": f"Bearer {mesh.address.key}"}) as direct:
        parts = range(client.get(path)["parts"])
        bundle = b"".join(
            direct.get(f"{path}/content", params={"part": part}, timeout=60).raise_for_status().content
            for part in parts
        )
    verified = dict(verify_trail.verify(BytesIO(bundle)))
    lines = bundle.split(b"\n")[1 : int(verified["entries"]) + 1]
    return verified, (json.loads(line[65:]) for line in lines)


def audited_once(clients: Iterable[Client], found: Iterable[dict[str, Any]]) -> None:
    """Every acknowledged request has one entry of its success, every other one of the same write none of it."""
    outcomes: dict[str, list[str]] = {}
    for entry in found:
        outcomes.setdefault(entry["request_id"], []).append(entry["outcome"])
    wrong = []
    for client in clients:
        for write, request in client.ledger.acknowledged.items():
            of_attempts = [outcomes.get(each, []) for each in client.ledger.attempts[write]]
            succeeded = [each for each in of_attempts if "succeeded" in each]
            if request is not None and outcomes.get(request) != ["succeeded"]:
                wrong.append(f"{write}: the acknowledged request has the entries {outcomes.get(request)}")
            elif len(succeeded) != 1 or any(len(each) > 1 for each in of_attempts):
                wrong.append(f"{write}: its attempts have the entries {of_attempts}")
    _none(wrong, "acknowledged writes have not exactly one audit entry")


def happened_once(client: Client, names: Iterable[str], where: str) -> None:
    """`names`: of all effects found there. Everything acknowledged is among them once; nothing of the client twice."""
    found = Counter(names)
    attempted, acknowledged = client.ledger.attempts.keys(), client.ledger.acknowledged.keys()
    _none([name for name in acknowledged if name not in found], f"acknowledged writes are not {where}")
    _none([name for name in attempted if found[name] > 1], f"writes are doubled {where}")


def told_once(mesh: Mesh, records: set[str], within: float) -> None:
    """Every record's event comes to be in the store, once."""
    told: Counter[str] = Counter()
    cursor, deadline = 0, time.monotonic() + within
    while records - told.keys() and time.monotonic() < deadline:
        for event in events(mesh, type=CREATED, after=cursor):
            cursor = event["position"]
            told[event["data"]["record"]] += 1
        time.sleep(0.2)
    _none(sorted(records - told.keys()), "records have no event in the store")
    _none([record for record in records if told[record] > 1], "records have two events in the store")


def events(mesh: Mesh, *, type: str, after: int = 0) -> Iterator[dict[str, Any]]:
    """All events of a type beyond a position."""
    yield from mesh.client().every("/api/v1/events", type=type, cursor=str(after))


def _none(wrong: list[str], what: str) -> None:
    if wrong:
        raise Wrong(f"{len(wrong)} {what}, first: {wrong[:3]}")
