"""`make test-alerts`: a real Prometheus and OpenTelemetry Collector beside a real mesh. Not in `make test`: minutes.

Every expression has data, and every alert is fired by a fault. What an alert waits for (`for`) is left out, and
Prometheus looks each second; thresholds and windows are those of the files.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import yaml

from demo.client import Client
from demo.journey import Place, find_place
from tests.chassis.sidecars import free_ports
from tests.observability import files, programs
from tests.system.mesh import Mesh, eventually

OFFSET = 13_000
NUMBERING = 0x6E756D62  # the lock under which a relay numbers events
SECONDS = 150  # within which an alert must fire


@contextlib.contextmanager
def _program(*command: object, log: Path) -> Iterator[Path]:
    with log.open("wb") as output:
        process = subprocess.Popen([str(word) for word in command], stdout=output, stderr=subprocess.STDOUT)
    try:
        yield log
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="session")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A collector's address, and the file with the spans it got, in words."""
    folder, (port,) = tmp_path_factory.mktemp("collector"), free_ports(1)
    parts = {
        "receivers": {"otlp": {"protocols": {"http": {"endpoint": f"127.0.0.1:{port}"}}}},
        "exporters": {"debug": {"verbosity": "detailed"}},
        "service": {
            "telemetry": {"metrics": {"level": "none"}},
            "pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["debug"]}},
        },
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(parts))
    with _program(programs.obtain() / "otelcol", "--config", folder / "config.yaml", log=folder / "log") as log:
        yield f"http://127.0.0.1:{port}", log


@pytest.fixture(scope="session")
def mesh(collected: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    started = Mesh(tmp_path_factory.mktemp("mesh"), OFFSET)
    started.up(env={"ANALYTICS_SERVICE_FORWARD_URL": collected[0]})
    yield started
    started.close()
    started.down()


@pytest.fixture(scope="session")
def place(mesh: Mesh) -> Place:
    return find_place(mesh.client())


class Prometheus:
    def __init__(self, port: int) -> None:
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=20)

    def ask(self, path: str, **parameters: str) -> Any:
        answer = self._http.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def close(self) -> None:
        self._http.close()

    def values(self, expression: str) -> list[Any]:
        return list(self.ask("/query", query=expression)["result"])

    def firing(self) -> set[tuple[str, str]]:
        """(alert, app)"""
        alerts = self.ask("/alerts")["alerts"]
        return {(each["labels"]["alertname"], each["labels"]["app"]) for each in alerts if each["state"] == "firing"}


@pytest.fixture(scope="session")
def prometheus(mesh: Mesh, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    folder, (port,) = tmp_path_factory.mktemp("prometheus"), free_ports(1)
    for name, document in files.loaded().items():
        for group in document.get("groups", []):
            for rule in group["rules"]:
                rule.pop("for", None)
        if name == "prometheus.yaml":
            document["global"] = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
            for target in (one for job in document["scrape_configs"] for one in job["static_configs"]):
                target["targets"] = [f"127.0.0.1:{int(each.split(':')[1]) + OFFSET}" for each in target["targets"]]
        (folder / name).write_text(yaml.safe_dump(document))
    command = (
        programs.obtain() / "prometheus",
        f"--config.file={folder / 'prometheus.yaml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    with _program(*command, log=folder / "log") as log:
        asked = Prometheus(port)
        eventually(lambda: asked.values("up"), within=60, what=f"Prometheus answers: {log}")
        yield asked
        asked.close()


@pytest.fixture(scope="session")
def traffic(mesh: Mesh, place: Place) -> Iterator[None]:
    """Somebody reads, writes and follows events all the time; what fails is part of it."""
    ended = threading.Event()

    def use() -> None:
        with Client(mesh.address, timeout=10) as client:
            while not ended.wait(0.2):
                with contextlib.suppress(httpx.HTTPError):
                    client.ask("GET", f"{place.records}?page_size=1", headers={"cache-control": "no-store"})
                    client.ask("GET", "/api/v1/events?limit=1")
                    body = {"records": [{"fields": {place.name_field: "Alert"}}]}
                    client.ask("POST", place.records, json=body, headers={"x-timeout-ms": "4000"})

    users = [threading.Thread(target=use) for _ in range(6)]
    for user in users:
        user.start()
    yield
    ended.set()
    for user in users:
        user.join(60)


def test_every_expression_has_data(prometheus: Prometheus, traffic: None) -> None:
    eventually(lambda: prometheus.values("app:error_budget:left"), within=60, what="rules are evaluated")
    for where, expression in files.expressions():
        eventually(lambda: prometheus.values(expression), within=60, what=f"{where} has data: {expression}")  # noqa: B023
    assert {each["metric"]["app"] for each in prometheus.values("app:objective:ratio")} == set(files.app_ids())
    rules = [rule for group in prometheus.ask("/rules")["groups"] for rule in group["rules"]]
    assert [rule for rule in rules if rule["health"] != "ok"] == []


def test_a_healthy_mesh_fires_nothing(prometheus: Prometheus, traffic: None) -> None:
    assert prometheus.firing() == set()


def test_spans_reach_the_collector(mesh: Mesh, place: Place, collected: tuple[str, Path]) -> None:
    answer = mesh.client().ask("GET", f"{place.records}?page_size=1", headers={"cache-control": "no-store"})

    def services() -> set[str]:
        """Of the resources before this trace's spans."""
        found, service = set(), ""
        for line in collected[1].read_text().splitlines():
            if "service.name: Str(" in line:
                service = line.partition("Str(")[2].rstrip(")")
            if line.split(":")[0].strip() == "Trace ID" and answer.trace in line:
                found.add(service)
        return found

    wanted = {"api-gateway", "airtable-connector", "rate-limiter-service"}
    eventually(lambda: wanted <= services(), within=60, what=f"the spans of {answer.trace} are in {collected[1]}")


@contextlib.contextmanager
def _frozen(mesh: Mesh, *names: str) -> Iterator[None]:
    pids = [mesh.processes()[name]["pid"] for name in names]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):  # it was found dead and replaced
                os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def _beside(work: Callable[[threading.Event], None]) -> Iterator[None]:
    """`work` runs beside the block, and ends when it is told that the block has."""
    ended = threading.Event()
    thread = threading.Thread(target=work, args=(ended,))
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(30)


@contextlib.contextmanager
def _slow_table(mesh: Mesh, app_id: str, table: str) -> Iterator[None]:
    """Somebody takes the table for 0.3 s, again and again."""

    def hold(ended: threading.Event) -> None:
        while not ended.wait(0.01):
            with _in_its_database(mesh, app_id, f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"):
                ended.wait(0.3)

    with _beside(hold):
        yield


@contextlib.contextmanager
def _in_its_database(mesh: Mesh, app_id: str, statement: str) -> Iterator[None]:
    """Somebody holds a lock in the database of `app_id`."""
    secrets = json.loads((mesh.run_dir / "secrets.json").read_text())
    loop = asyncio.new_event_loop()
    try:
        connection = loop.run_until_complete(asyncpg.connect(secrets[f"database-url/{app_id}"]))
        transaction = connection.transaction()
        loop.run_until_complete(transaction.start())
        loop.run_until_complete(connection.execute(statement))
        try:
            yield
        finally:
            loop.run_until_complete(connection.close())
    finally:
        loop.close()


@contextlib.contextmanager
def _stuttering(mesh: Mesh, name: str) -> Iterator[None]:
    """It gets no processor for half of the time."""
    pid = mesh.processes()[name]["pid"]

    def stutter(ended: threading.Event) -> None:
        while not ended.is_set():
            for number in (signal.SIGSTOP, signal.SIGCONT):
                os.kill(pid, number)
                ended.wait(0.6)
        os.kill(pid, signal.SIGCONT)

    with _beside(stutter):
        yield


FAULTS: list[tuple[set[tuple[str, str]], Callable[[Mesh], contextlib.AbstractContextManager[None]]]] = [
    (
        {("SlowerThanPromised", "event-processor")},
        lambda mesh: _slow_table(mesh, "event-processor", "events"),
    ),
    (
        {("DatabasePoolFull", "event-processor")},
        lambda mesh: _in_its_database(mesh, "event-processor", "LOCK TABLE events IN ACCESS EXCLUSIVE MODE"),
    ),
    (
        {("EventsWait", "airtable-connector")},
        lambda mesh: _in_its_database(mesh, "airtable-connector", f"SELECT pg_advisory_xact_lock({NUMBERING})"),
    ),
    (
        {("AppDown", "audit-service"), ("AuditEntriesWait", "airtable-connector")},
        lambda mesh: _frozen(mesh, "audit-service"),
    ),
    ({("SpansLost", "api-gateway")}, lambda mesh: _frozen(mesh, "analytics-service")),
    ({("EventLoopBlocked", "schema-service")}, lambda mesh: _stuttering(mesh, "schema-service")),
    (
        {
            ("SidecarDown", "airtable-connector"),
            ("EdgeFails", "api-gateway"),
            ("BreakerOpen", "api-gateway"),
            ("ErrorBudgetBurnsFast", "api-gateway"),
            ("ErrorBudgetBurns", "api-gateway"),
        },
        lambda mesh: _frozen(mesh, "airtable-connector.sidecar"),
    ),
]


@pytest.mark.parametrize(("alerts", "fault"), FAULTS, ids=[min(alerts)[0] for alerts, _ in FAULTS])
def test_a_fault_fires_its_alerts(
    mesh: Mesh,
    prometheus: Prometheus,
    traffic: None,
    alerts: set[tuple[str, str]],
    fault: Callable[[Mesh], contextlib.AbstractContextManager[None]],
) -> None:
    seen: set[tuple[str, str]] = set()

    def all_of_them() -> bool:
        seen.update(prometheus.firing())
        return alerts <= seen

    with fault(mesh):
        eventually(all_of_them, within=SECONDS, what=f"{alerts} fire")


def test_an_app_that_dies_again_and_again_fires_its_alert(mesh: Mesh, prometheus: Prometheus, traffic: None) -> None:
    wanted = ("AppRestarts", "rate-limiter-service")
    started = 'process_start_time_seconds{app="rate-limiter-service", job="apps"}'
    for _ in range(4):
        before = prometheus.values(started)[0]["value"][1]
        mesh.signal("rate-limiter-service", signal.SIGKILL)
        eventually(
            lambda: prometheus.values(started)[0]["value"][1] != before,  # noqa: B023
            within=60,
            what="Prometheus saw the new process",
        )
    eventually(lambda: wanted in prometheus.firing(), within=60, what=f"{wanted} fires")


def test_every_alert_has_a_fault_here() -> None:
    fired = {name for alerts, _ in FAULTS for name, _ in alerts} | {"AppRestarts"}
    assert fired == set(files.alerts())
