"""Nothing that may change something happens unseen: every unsafe operation, however it ends, is one audit entry.

What a sidecar refuses another app reaches no app that could write one: it is found in the sidecar's count.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from demo.journey import Place
from local.credentials import Credentials
from local.ports import AppPorts
from tests.system.mesh import Mesh, eventually
from tests.system.walk import NOT_SIMULATED, PORTS, Ground, Operation, failing, operations, own_document

AT_ONCE = 8  # operations under way
LATE = 2.0  # seconds in which a second entry would show
STRANGER = "rate-limiter-service"  # may call audit-service's /ingest, and nothing else
BLOCKED = ("dapr_runtime_acl_app_policy_action_blocked_total", "dapr_runtime_acl_global_policy_action_blocked_total")

Told = tuple[str, str, str]  # trail, action, outcome


@dataclass
class Ledger:
    """What was sent, by request id, and the entries that it must have left."""

    expected: dict[str, list[Told]] = field(default_factory=dict)
    of: dict[str, str] = field(default_factory=dict)

    def request(self, what: str, *told: Told) -> dict[str, str]:
        id = uuid4().hex
        self.expected[id], self.of[id] = list(told), what
        return {"x-request-id": id}


def people(mesh: Mesh, key: str | None, address: str = "127.0.0.1") -> httpx.Client:
    """Of unknown callers only ten refusals a minute and address are told singly, hence the addresses."""
    headers = {} if key is None else {"authorization": f"Bearer {key}"}
    transport = httpx.HTTPTransport(local_address=address)
    return httpx.Client(base_url=mesh.address.url, headers=headers, timeout=60, transport=transport)


def outcome(status: int) -> str:
    return "denied" if status in (401, 403) else "failed" if status >= 400 else "succeeded"


def entries(client: httpx.Client, since: str) -> Iterator[tuple[str, Told]]:
    for trail in ("own", "platform"):
        cursor: dict[str, Any] = {}
        while True:
            asked = {"trail": trail, "since": since, "page_size": 100, **cursor}
            page = client.get("/api/v1/audit/entries", params=asked).raise_for_status().json()
            for each in page["items"]:
                entry = each["entry"]
                yield entry["request_id"], (trail, entry["action"], entry["outcome"])
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}


def test_every_unsafe_operation_allowed_denied_or_failing_is_one_audit_entry(
    mesh: Mesh, place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    began, ledger = datetime.now(UTC).isoformat(), Ledger()
    with people(mesh, mesh.address.key) as client:
        document = client.get("/openapi.json").raise_for_status().json()
        assert document["x-missing"] == []
        walked = list(operations(document))
        ground = Ground(mesh, client, place.base)

        def walk(number: int, operation: Operation) -> str | None:
            return through_the_gateway(mesh, client, ledger, ground, document, operation, f"127.0.9.{number + 1}")

        with ThreadPoolExecutor(AT_ONCE) as threads:
            unfit = [each for each in threads.map(walk, range(len(walked)), walked) if each]
        assert not unfit, "\n".join(unfit)
        hidden = inside(mesh, {operation.name for operation in walked})
        for operation in hidden:
            assert operation.action is None, f"{operation.name} is audited: let this test walk it as an app that may"
        refused_by_the_mesh(mesh, ledger, [*walked, *hidden])

        def found() -> dict[str, list[Told]]:
            kept: dict[str, list[Told]] = {id: [] for id in ledger.expected}
            for id, told in entries(client, began):
                if id in kept:
                    kept[id].append(told)
            return kept

        def wrong() -> list[str]:
            return [f"{ledger.of[id]}: {told}, not {ledger.expected[id]}" for id, told in found().items()
                    if told != ledger.expected[id]]  # fmt: skip

        try:
            eventually(lambda: not wrong(), within=20, what="every request's entry is in the trail")
        except AssertionError:
            pytest.fail("\n".join(wrong()))
        time.sleep(LATE)
        assert not wrong(), "\n".join(wrong())
        counted = reconciled(client, began, len(walked))
    audited = sum(operation.action is not None for operation in walked)
    told = sum(len(each) for each in ledger.expected.values())
    with capsys.disabled():
        print(f"\n{len(walked)} unsafe operations, {audited} of them audited, and {len(hidden)} inside the mesh:")
        print(f"{len(ledger.expected)} requests, {told} entries, each exactly one of its own")
        print(f"the gateway counted {counted} of somebody's requests, and the trail has the entries of each")


def reconciled(client: httpx.Client, began: str, walked: int) -> int:
    """The gateway's own count agrees: two requests of each operation came with a key."""

    def asked() -> list[dict[str, Any]]:
        params = {"since": began, "until": datetime.now(UTC).isoformat()}
        found = client.get("/api/v1/audit/reconciliation", params=params).raise_for_status().json()
        return list(found["hours"])

    def counted() -> int:
        return sum(int(hour["counted"] + hour["unanswered"] + hour["exempt"]) for hour in asked())

    eventually(lambda: counted() >= 2 * walked, within=20, what="the gateway's count is in the trail")
    gaps = [gap for hour in asked() for gap in hour["gaps"]]
    assert not gaps, gaps
    return counted()


def through_the_gateway(
    mesh: Mesh,
    client: httpx.Client,
    ledger: Ledger,
    ground: Ground,
    document: dict[str, Any],
    operation: Operation,
    address: str,
) -> str | None:
    """One operation in all ways that people can have it; what is to be mended in the walk, if anything."""
    request = ground.request(operation, document)
    sent = {"params": request.query, "json": request.body}
    own = [("own", operation.action, "failed" if operation.name in NOT_SIMULATED else "succeeded")]
    headers = ledger.request(f"{operation.name}, allowed", *(own if operation.action else []))
    answer = client.request(operation.method, request.path, headers=headers, **sent)
    if (answer.status_code >= 300) is not (operation.name in NOT_SIMULATED):
        return (
            f"{operation.name} answers {answer.status_code} {answer.text[:300]} to {request}: "
            "add to FIXTURES in tests/system/walk.py what a valid request of it has"
        )
    for key in (None, "pya_wrong"):
        headers = ledger.request(f"{operation.name}, key {key}", ("platform", "request.refuse", "denied"))
        with people(mesh, key, address) as stranger:
            assert stranger.request(operation.method, request.path, headers=headers, **sent).status_code == 401
    bad = failing(operation, request)
    headers = ledger.request(f"{operation.name}, failing")
    answer = client.request(operation.method, bad.path, headers=headers, params=bad.query, json=bad.body)
    assert 400 <= answer.status_code < 500, f"{operation.name} answers {answer.status_code} to {bad}: {answer.text}"
    if operation.action:
        ledger.expected[headers["x-request-id"]] = [("own", operation.action, outcome(answer.status_code))]
    return None


def inside(mesh: Mesh, known: set[str]) -> list[Operation]:
    """The operations that no route of the gateway leads to."""
    found = [each for app in PORTS if app != "api-gateway" for each in operations(own_document(mesh, app), app)]
    return [operation for operation in found if operation.name not in known]


def refused_by_the_mesh(mesh: Mesh, ledger: Ledger, walked: list[Operation]) -> None:
    """Its callee never hears of it and its caller may be anybody: what tells of it is the count of daprd."""
    token = Credentials.load_or_create(mesh.run_dir).dapr_api_token(STRANGER)
    port = mesh.port(AppPorts.of(PORTS[STRANGER]).dapr_http)
    tried = [each for each in walked if each.app != STRANGER and not each.path.startswith("/ingest/")]
    before = blocked(mesh)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as app:
        for operation in tried:
            headers = ledger.request(f"{operation.name}, refused by the mesh")
            headers |= {"dapr-app-id": operation.app, "dapr-api-token": token}
            answer = app.request(operation.method, operation.path.replace("{", "").replace("}", ""), headers=headers)
            assert answer.status_code == 403, f"{operation.name}: {answer.text}"
            assert answer.json()["errorCode"] == "ERR_DIRECT_INVOKE", answer.text
    eventually(
        lambda: blocked(mesh) - before == len(tried),
        within=5,
        what=f"the {len(tried)} refusals of the mesh are counted",
    )


def blocked(mesh: Mesh) -> int:
    """Calls that the access rules of all sidecars refused."""
    count = 0.0
    for port in PORTS.values():
        text = httpx.get(f"http://127.0.0.1:{mesh.port(AppPorts.of(port).dapr_metrics)}/metrics").text
        lines = [
            line for line in text.splitlines() if line.startswith("dapr_runtime_acl_") and "_blocked_total{" in line
        ]
        count += sum(float(line.rpartition(" ")[2]) for line in lines)
    return int(count)
