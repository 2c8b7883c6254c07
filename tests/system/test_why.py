"""`why` on the real mesh: culprit, cause and a command in 25 lines; no accusation without a failure."""

import os
import signal
import threading
import time

import psutil

from demo.failure import Watch
from demo.journey import Place
from tests.system.mesh import Mesh, eventually, fault

FRESH = {"cache-control": "no-store"}


def why(mesh: Mesh, asked: str = "last") -> str:
    answer = mesh.client().ask("GET", f"/api/v1/why/{asked}", headers={"accept": "text/plain"})
    assert answer.status == 200, answer.body
    assert len(answer.body.splitlines()) <= 25, answer.body
    return str(answer.body)


def reading(place: Place) -> str:
    return f"{place.records}?page_size=1"


def test_airtables_fault_is_airtables(mesh: Mesh, place: Place) -> None:
    with fault(mesh, kind="status", status=500, body="oops"):
        failed = mesh.client().ask("GET", reading(place), headers=FRESH)
    said = why(mesh, failed.trace)
    assert "cause     airtable" in said, said
    assert "500" in said


def test_a_slow_hop_is_named_though_the_request_succeeded(mesh: Mesh, place: Place) -> None:
    with fault(mesh, kind="delay", seconds=1.5):
        slow = mesh.client().ask("GET", reading(place), headers=FRESH)
    assert slow.status == 200
    said = why(mesh, slow.trace)
    assert "cause     slow · airtable" in said, said
    assert "Airtable took 1." in said, said
    assert "→ airtable-connector ✓" in said
    assert "→ airtable …" in said


def test_a_slow_database_is_named_two_apps_away_from_who_asked(mesh: Mesh) -> None:
    backends = [each for each in psutil.Process(mesh.processes()["postgres"]["pid"]).children() if _serves(each)]
    for backend in backends:
        backend.suspend()
    resumed = threading.Timer(1.6, lambda: [backend.resume() for backend in backends])
    resumed.start()
    try:
        slow = mesh.client().ask("GET", "/api/v1/audit/entries")
    finally:
        resumed.join()
    assert slow.status == 200, slow.body
    said = why(mesh, slow.trace)
    assert "audit-service waited 1." in said, said
    assert "its database" in said, said


def _serves(backend: psutil.Process) -> bool:
    """A connection of audit-service's."""
    return "audit" in " ".join(backend.cmdline())


def test_the_gateway_tells_by_its_spans_what_it_does_not_remember(mesh: Mesh, place: Place) -> None:
    with fault(mesh, kind="status", status=500, body="oops"):
        failed = mesh.client().ask("GET", reading(place), headers=FRESH)
    eventually(lambda: "deepest failed span" in why(mesh, failed.trace), within=10, what="its spans are kept")
    mesh.signal("api-gateway", signal.SIGKILL)
    eventually(lambda: mesh.client().get("/api/v1/bases"), within=10, what="the gateway is back")
    said = why(mesh, failed.trace)
    assert "cause     airtable" in said, said


def test_a_frozen_app_is_told_from_a_dead_one(mesh: Mesh, place: Place) -> None:
    pid = mesh.processes()["airtable-connector"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        failed = mesh.client().ask("GET", reading(place), headers={"x-timeout-ms": "1200"})
        said = why(mesh, failed.trace)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert "airtable-connector" in said
    assert "frozen" in said, said
    eventually(lambda: mesh.client().get(reading(place)), within=6, what="it answers again")


def test_a_dead_sidecar_is_told_from_a_dead_app(mesh: Mesh, place: Place) -> None:
    for name, words in (("airtable-connector", "was killed by signal 9"), ("airtable-connector.sidecar", "sidecar")):
        with Watch(mesh.address, reading(place)) as reads:
            time.sleep(0.2)
            killed = mesh.signal(name, signal.SIGKILL)
            reads.until_recovered(killed, within=10)
        first = reads.first_problem(killed)
        assert first is not None
        said = why(mesh, first.answer.trace)
        assert words in said.splitlines()[0], said
        eventually(lambda: mesh.client().get("/api/v1/bases"), within=6, what="it answers again")


def test_a_clients_mistake_is_the_clients(mesh: Mesh, place: Place) -> None:
    failed = mesh.client().ask("GET", f"{place.records}?page_size=0")
    assert "cause     wrong data" in why(mesh, failed.trace)


def test_nothing_is_accused_when_nothing_failed(mesh: Mesh) -> None:
    fine = mesh.client().ask("GET", "/api/v1/bases")
    said = why(mesh, fine.trace)
    assert "cause" not in said or "nothing failed" in said.lower(), said
