"""Kill and freeze each process while requests run: only what depends on it fails, and it heals without hands."""

import os
import signal
import threading
import time
import uuid
from collections.abc import Iterator

import httpx
import pytest

from demo.client import Client
from demo.failure import Watch
from demo.journey import Place
from tests.system.mesh import Mesh, eventually, fault

NOTHING_DEPENDS_ON = ["valkey", "postgres", "sentry", "placement", "scheduler"]
BUDGET = 2.0  # s that a client gives a request to a frozen service


class Writer:
    """Creates records one after another, each with a name of its own, and keeps what it was told."""

    def __init__(self, client: Client, place: Place) -> None:
        self._client, self._place = client, place
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.prefix = f"Fault {uuid.uuid4().hex[:8]} "
        self.tried: list[str] = []
        self.acknowledged: list[str] = []

    def __enter__(self) -> "Writer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=40)

    def _run(self) -> None:
        while not self._stop.is_set():
            name = f"{self.prefix}{len(self.tried)}"
            self.tried.append(name)
            try:
                body = {"records": [{"fields": {self._place.name_field: name}}]}
                answer = self._client.ask("POST", self._place.records, json=body)
                if answer.status < 300:
                    self.acknowledged.append(name)
            except httpx.HTTPError:
                pass  # the gateway itself was killed: the client does not know, and neither may it count
            self._stop.wait(0.4)


@pytest.fixture
def writer(mesh: Mesh, place: Place) -> Iterator[Writer]:
    """Writes during the test; afterwards every acknowledged record exists once and none exists twice."""
    with Writer(mesh.client(), place) as writing:
        yield writing
    client = mesh.client()
    eventually(lambda: client.get("/api/v1/bases"), within=10, what="the mesh answers again")

    made = {
        record["id"]: record["fields"].get(place.name_field) for record in client.every(place.records, page_size=100)
    }
    names = [name for name in made.values() if name and name.startswith(writing.prefix)]
    assert len(names) == len(set(names)), "a create was doubled"
    assert set(writing.acknowledged) <= set(names), "an acknowledged create is lost"
    assert set(names) <= set(writing.tried)
    ours = [record for record, name in made.items() if name and name.startswith(writing.prefix)]
    for start in range(0, len(ours), 10):
        client.send("POST", f"{place.records}/delete", json={"ids": ours[start : start + 10]})


def watched(place: Place) -> str:
    return f"{place.records}?page_size=1"


@pytest.mark.parametrize("name", NOTHING_DEPENDS_ON)
def test_nobody_notices_that_it_was_killed(mesh: Mesh, place: Place, writer: Writer, name: str) -> None:
    with Watch(mesh.address, watched(place)) as reads:
        time.sleep(0.3)
        killed = mesh.signal(name, signal.SIGKILL)
        time.sleep(1.5)
    failed = [seen for seen in reads.seen if seen.answer.status != 200]
    assert not failed, f"{len(failed)} of {len(reads.seen)} reads failed, first: {failed[0].answer.body}"
    assert time.monotonic() - killed < 30
    eventually(lambda: mesh.processes()[name]["state"] == "ready", within=15, what=f"{name} is ready again")


@pytest.mark.parametrize("name", [name for name in NOTHING_DEPENDS_ON if name != "valkey"])
def test_nobody_notices_that_it_is_frozen(mesh: Mesh, place: Place, name: str) -> None:
    pid = mesh.processes()[name]["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        with Watch(mesh.address, watched(place)) as reads:
            time.sleep(1.5)
    finally:
        os.kill(pid, signal.SIGCONT)
    failed = [seen for seen in reads.seen if seen.answer.status != 200]
    assert not failed, f"{len(failed)} of {len(reads.seen)} reads failed, first: {failed[0].answer.body}"


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("airtable-connector", "airtable-connector"),
        ("airtable-connector.sidecar", "airtable-connector"),
        ("api-gateway.sidecar", "api-gateway"),
    ],
)
def test_a_dead_process_is_named_within_2_s_and_replaced(
    mesh: Mesh, place: Place, writer: Writer, name: str, service: str
) -> None:
    with Watch(mesh.address, watched(place)) as reads, Watch(mesh.address, "/problems") as others:
        time.sleep(0.3)
        before = mesh.processes()[name]["restarts"]
        killed = mesh.signal(name, signal.SIGKILL)
        reads.until_recovered(killed, within=10)
    assert all(seen.answer.status == 200 for seen in others.seen), "a route that does not need it failed"
    problem, back = reads.first_problem(killed), reads.recovery(killed)
    if problem is None:  # the one retry of a read found its successor, which listens from its first moments on
        assert mesh.processes()[name]["restarts"] > before
        assert any(seen.at - seen.answer.seconds > killed for seen in reads.seen), "no read was sent after the kill"
        return
    assert problem.at - killed <= 2
    assert (problem.answer.body["service"], problem.answer.body["fault"]) == (service, "platform")
    assert problem.answer.body["trace_id"] == problem.answer.trace
    assert back is not None
    assert back.at - killed <= 3.5


def test_a_dead_gateway_is_back_within_2_s(mesh: Mesh, place: Place, writer: Writer) -> None:
    with Watch(mesh.address, watched(place)) as reads:
        time.sleep(0.3)
        killed = mesh.signal("api-gateway", signal.SIGKILL)
        reads.until_recovered(killed, within=10)
    back = reads.recovery(killed)
    assert back is not None
    assert back.at - killed <= 2


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("airtable-connector", "airtable-connector"),
        ("airtable-connector.sidecar", "airtable-connector"),
        ("api-gateway.sidecar", "api-gateway"),
    ],
)
def test_a_frozen_process_costs_a_client_only_its_time(mesh: Mesh, place: Place, name: str, service: str) -> None:
    client, pid = mesh.client(), mesh.processes()[name]["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        answer = client.ask("GET", watched(place), headers={"x-timeout-ms": str(int(BUDGET * 1000))})
        assert answer.seconds <= BUDGET + 0.5
        assert answer.body["service"] == service, answer.body
        assert answer.body["fault"] == "platform"
        assert client.ask("GET", "/problems").status == 200
    finally:
        os.kill(pid, signal.SIGCONT)
    eventually(lambda: client.get(watched(place)), within=6, what="it answers again after CONT")


def test_while_valkey_is_frozen_nothing_is_sent_to_airtable_and_the_limiter_says_so(mesh: Mesh, place: Place) -> None:
    client, pid = mesh.client(), mesh.processes()["valkey"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        answer = client.ask("GET", watched(place), headers={"cache-control": "no-store"})
        assert answer.seconds <= BUDGET + 0.5
        assert (answer.body["code"], answer.body["service"]) == ("limits.ledger-away", "rate-limiter-service")
        assert client.ask("GET", "/problems").status == 200
    finally:
        os.kill(pid, signal.SIGCONT)
    eventually(lambda: client.get(watched(place)), within=6, what="it answers again after CONT")


def test_airtables_fault_is_called_airtables(mesh: Mesh, place: Place) -> None:
    with fault(mesh, kind="status", status=500, body="oops"):
        answer = mesh.client().ask("GET", watched(place), headers={"cache-control": "no-store"})
    assert answer.body["fault"] == "airtable", answer.body
    assert answer.body["code"] in {"airtable.unavailable", "airtable.invalid-answer"}
