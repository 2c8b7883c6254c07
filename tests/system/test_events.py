"""Every event of the platform reaches the store, whoever dies on its way; and what led to what can be told."""

import json
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import httpx

from demo import journey
from local.plan import load_plan
from tests.system.mesh import ROOT, Mesh, eventually

EVENTS = "/api/v1/events"
VICTIMS = ("event-processor", "event-processor.sidecar", "valkey")


def written(mesh: Mesh, place: journey.Place, names: list[str]) -> tuple[list[str], str]:
    """Create records of these names; their ids and the trace of the request."""
    body = {"records": [{"fields": {place.name_field: name}} for name in names]}
    answer = mesh.client().ask("POST", place.records, json=body)
    assert answer.status < 300, answer.body
    return [record["id"] for record in answer.body["records"]], answer.trace


def stored(mesh: Mesh, **chosen: str) -> list[dict[str, Any]]:
    """All chosen events, page by page."""
    return list(mesh.client().every(EVENTS, **chosen))


def test_a_write_through_the_gateway_is_in_the_store_under_its_trace_and_pyat_shows_its_tree(
    mesh: Mesh, place: journey.Place
) -> None:
    (record,), trace = written(mesh, place, [f"Event {uuid.uuid4().hex[:8]}"])
    eventually(lambda: stored(mesh, trace_id=trace), within=15, what="the write's event is in the store")
    (event,) = stored(mesh, trace_id=trace)
    assert (event["type"], event["data"]["record"]) == ("airtable-connector.record-created.v1", record)
    assert event["stream"] == f"airtable-connector/{place.base}/{record}"
    assert stored(mesh, stream=event["stream"]) == [event]

    shown = subprocess.run(
        [sys.executable, "-m", "cli", "tree", trace],
        cwd=ROOT,
        env={**os.environ, "PLATFORM_URL": mesh.address.url, "PLATFORM_KEY": mesh.address.key},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert shown.returncode == 0, shown.stderr
    assert f"trace {trace}" in shown.stdout
    assert f"└─ airtable-connector.record-created.v1 {place.base}/{record}" in shown.stdout


def test_the_store_is_complete_after_it_and_its_sidecar_and_the_broker_were_killed_while_events_flowed(
    mesh: Mesh, place: journey.Place
) -> None:
    complete_though_killed(mesh, place, VICTIMS)


def complete_though_killed(mesh: Mesh, place: journey.Place, victims: Sequence[str]) -> None:
    head = max((event["position"] for event in stored(mesh)), default=0)
    records: list[str] = []
    for victim in victims:
        records += written(mesh, place, [f"{victim} {n}" for n in range(10)])[0]
        mesh.signal(victim, signal.SIGKILL)
        for _ in range(2):
            records += written(mesh, place, [f"{victim} is dead {n}" for n in range(10)])[0]

    def told() -> list[str]:
        return [event["data"]["record"] for event in stored(mesh, type="airtable-connector.record-created.v1")]

    eventually(lambda: set(records) <= set(told()), within=60, what="every record's event is in the store")
    found = [record for record in told() if record in set(records)]
    assert sorted(found) == sorted(records), "none is there twice"
    positions = [event["position"] for event in stored(mesh, cursor=str(head))]
    assert positions == list(range(head + 1, head + 1 + len(positions)))


def test_every_app_tells_of_its_outbox_and_the_store_of_its_lag(mesh: Mesh, place: journey.Place) -> None:
    written(mesh, place, [f"Measured {uuid.uuid4().hex[:8]}"])
    apps = load_plan(ROOT / "dapr.yaml").apps
    for app in apps:
        told = metrics(mesh, app.port)
        assert {"outbox_rows", "outbox_oldest_seconds", "events_published_total"} <= told.keys(), app.app_id
    (store,) = [app.port for app in apps if app.app_id == "event-processor"]
    age = 'event_age_seconds{topic="airtable-connector.record-created"}'
    eventually(lambda: 0 <= metrics(mesh, store)[age] < 60, within=15, what="how old the event was")
    behind = 'events_behind{owner="airtable-connector"}'
    eventually(lambda: metrics(mesh, store)[behind] == 0, within=30, what="nothing of the connector's is lacking")


def metrics(mesh: Mesh, port: int) -> dict[str, float]:
    """What an app tells at its telemetry port."""
    lines = httpx.get(f"http://127.0.0.1:{mesh.port(port + 5900)}/metrics").text.splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def test_what_the_broker_lost_while_the_store_was_frozen_is_there_afterwards(mesh: Mesh, place: journey.Place) -> None:
    frozen = mesh.processes()["event-processor"]["pid"]
    os.kill(frozen, signal.SIGSTOP)
    try:
        records, _ = written(mesh, place, [f"Frozen {n}" for n in range(10)])
    finally:
        os.kill(frozen, signal.SIGCONT)

    def told() -> set[str]:
        return {event["data"]["record"] for event in stored(mesh, category="airtable-connector")}

    eventually(lambda: set(records) <= told(), within=60, what="every record's event is in the store")


def test_the_log_is_followed_through_the_gateway_and_goes_on_after_the_last_event_that_was_seen(
    mesh: Mesh, place: journey.Place
) -> None:
    head = max((event["position"] for event in stored(mesh)), default=0)
    with follow(mesh, head) as lines:
        (first,), _ = written(mesh, place, ["Followed"])
        seen, event = next(each for each in lines if each[1] and each[1]["data"]["record"] == first)
    assert event is not None
    assert event["position"] == seen
    (second,), _ = written(mesh, place, ["Followed while nobody did"])
    with follow(mesh, seen) as lines:
        after = next(event for _, event in lines if event)
    assert after["data"]["record"] == second, "the first is not told again"


def test_workers_get_every_event_through_the_gateway_though_the_store_is_killed_meanwhile(
    mesh: Mesh, place: journey.Place
) -> None:
    name = f"workers-{uuid.uuid4().hex[:8]}"
    mine = f"{EVENTS}/subscriptions/{name}"
    client = mesh.client()
    definition = {"events": {"type": ["airtable-connector.record-created.v1"]}, "lease_seconds": 2}
    assert client.ask("PUT", mine, json=definition).status == 200
    records = {record for n in range(4) for record in written(mesh, place, [f"{name} {n} {m}" for m in range(10)])[0]}
    handled: list[str] = []
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            with suppress(Exception):  # the store is away: what it handed out is handed out once more
                pulled = client.send("POST", f"{mine}/pull", json={"most": 3, "wait": 1})["deliveries"]
                handled.extend(each["event"]["data"]["record"] for each in pulled)
                if pulled:
                    client.send("POST", f"{mine}/ack", json={"receipts": [each["receipt"] for each in pulled]})

    def settled() -> bool:
        state = client.get(mine)
        return records <= set(handled) and not (state["leased"] or state["waiting"] or state["lag"])

    workers = [threading.Thread(target=work, daemon=True) for _ in range(3)]
    for worker in workers:
        worker.start()
    try:
        eventually(lambda: len(handled) > 5, within=30, what="the workers have begun")
        mesh.signal("event-processor", signal.SIGKILL)
        eventually(settled, within=60, what="every event was handled and settled")
    finally:
        over.set()
        for worker in workers:
            worker.join(10)
    assert client.get(mine)["parked"] == 0


@contextmanager
def follow(mesh: Mesh, after: int) -> Iterator[Iterator[tuple[int, dict[str, Any] | None]]]:
    """(position, event or None) of the stream beyond a position, as they come."""
    headers = {
        "authorization": f"Bearer {mesh.address.key}",
        "accept": "text/event-stream",
        "last-event-id": str(after),
    }

    def events(answer: httpx.Response) -> Iterator[tuple[int, dict[str, Any] | None]]:
        fields: dict[str, str] = {}
        for line in answer.iter_lines():
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            else:
                yield int(fields["id"]), json.loads(fields["data"]) if "data" in fields else None
                fields = {}

    with httpx.stream("GET", mesh.address.url + EVENTS, headers=headers, timeout=20) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream"), answer.headers
        yield events(answer)
