"""A program in TypeScript beside the mesh: it hears what the platform tells, each event once, whatever is killed."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import httpx
import pytest
from redis import Redis

from demo.journey import Place
from local import dapr_binaries
from local.control_plane import SENTRY_PORTS, trust_anchors
from local.credentials import Credentials
from local.ports import AppPorts
from tests.system.mesh import ROOT, Mesh, eventually, run

NAME, PORT, TOKEN = "node-subscriber", 8090, "what its own sidecar shows it"
TOPICS = [f"airtable-connector.record-{done}" for done in ("created", "deleted", "updated")]


class Subscriber:
    """The example's program and its sidecar, each started and killed by itself."""

    def __init__(self, mesh: Mesh, project: Path) -> None:
        self._mesh = mesh
        self._project = project
        self.database = project / "data" / "changes.db"
        self.ports = AppPorts.of(PORT, 0, mesh.offset)
        self.program: subprocess.Popen[bytes] | None = None
        self._sidecar: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {"PATH": os.environ["PATH"], "APP_PORT": str(self.ports.app), "APP_API_TOKEN": TOKEN}
        with (self._project / "program.log").open("ab") as log:
            self.program = subprocess.Popen(
                ["node", "subscriber.js"], cwd=self._project, env=environment, stdout=log, stderr=log
            )
        eventually(self.answers, within=10, what="the program listens")

    def start_sidecar(self) -> None:
        health = ["--enable-app-health-check", "--app-health-check-path=/healthz",
                  "--app-health-probe-interval=1", "--app-health-threshold=3"]  # fmt: skip
        options = [f"--app-port={self.ports.app}", *health]
        self._sidecar = start_daprd(self._mesh, self._project, NAME, self.ports, *options)
        eventually(self._subscribed, within=20, what=f"its sidecar has subscribed: {self._project / f'{NAME}.log'}")

    def kill(self) -> None:
        assert self.program
        self.program.kill()
        self.program.wait()

    def stop(self) -> None:
        for process in (self._sidecar, self.program):
            if process:
                end(process)

    def answers(self) -> bool:
        with suppress(httpx.HTTPError):
            return httpx.get(f"http://127.0.0.1:{self.ports.app}/healthz", timeout=0.3).is_success
        return False

    def counted(self, what: str = "created") -> int:
        if not self.database.exists():
            return 0
        with closing(sqlite3.connect(self.database)) as db:
            return db.execute(f"SELECT coalesce(sum({what}), 0) FROM changes").fetchone()[0]

    def _subscribed(self) -> bool:
        metadata = httpx.get(f"http://127.0.0.1:{self.ports.dapr_http}/v1.0/metadata").json()
        return sorted(each["topic"] for each in metadata["subscriptions"]) == TOPICS


def start_daprd(mesh: Mesh, folder: Path, name: str, ports: AppPorts, *options: str) -> "subprocess.Popen[bytes]":
    """As `dapr run -f` starts it, but beside a mesh that is not on the usual ports."""
    command = [
        str(dapr_binaries.obtain() / ".dapr" / "bin" / "daprd"), f"--app-id={name}",
        f"--dapr-http-port={ports.dapr_http}", f"--dapr-grpc-port={ports.dapr_grpc}",
        f"--dapr-internal-grpc-port={ports.dapr_internal_grpc}", f"--metrics-port={ports.dapr_metrics}",
        "--dapr-listen-addresses=127.0.0.1", "--dapr-internal-grpc-listen-address=127.0.0.1",
        f"--config={ROOT / 'config' / 'dapr' / 'programs' / f'{NAME}.yaml'}",
        f"--resources-path={mesh.run_dir / 'components'}",
        "--enable-mtls", f"--sentry-address=localhost:{SENTRY_PORTS['grpc'] + mesh.offset}",
        "--control-plane-trust-domain=localhost", "--placement-host-address=", "--scheduler-host-address=", *options,
    ]  # fmt: skip
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "NAMESPACE": "default", "DAPR_HOST_IP": "127.0.0.1",
        "DAPR_TRUST_ANCHORS": trust_anchors(mesh.run_dir), "APP_API_TOKEN": TOKEN,
        "PLATFORM_RUN_DIR": str(mesh.run_dir),
    }  # fmt: skip
    with (folder / f"{name}.log").open("ab") as log:
        return subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)


def end(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example, built as its README says."""
    project = tmp_path_factory.mktemp("example") / NAME
    left = shutil.ignore_patterns("node_modules", "data", ".dapr", "*.js", "events.*")
    shutil.copytree(ROOT / "examples" / NAME, project, ignore=left)
    run("npm", "ci", "--no-audit", "--no-fund", cwd=project)
    run("node", "generate.mjs", ROOT / "contracts" / "schemas" / "asyncapi.json", cwd=project)
    run("npx", "tsc", cwd=project)
    return project


@pytest.fixture(scope="module")
def running(running_mesh: Mesh, project: Path) -> Iterator[Subscriber]:
    subscriber = Subscriber(running_mesh, project)
    try:
        subscriber.start()
        subscriber.start_sidecar()
        yield subscriber
    finally:
        subscriber.stop()


@pytest.fixture
def subscriber(mesh: Mesh, running: Subscriber) -> Subscriber:
    """At work, and with every event counted that others than this test caused."""
    with closing(broker(mesh)) as bus:
        eventually(
            lambda: running.counted() == len({event["id"] for event in told(bus, "created")}),
            within=20,
            what="it has counted what happened before",
        )
    return running


def broker(mesh: Mesh) -> Redis:
    password = Credentials.load_or_create(mesh.run_dir).valkey_password
    return Redis("127.0.0.1", mesh.port(16379), password=password)


def told(bus: Redis, what: str) -> list[dict[str, object]]:
    return [json.loads(fields[b"data"]) for _, fields in bus.xrange(f"airtable-connector.record-{what}")]


def create(mesh: Mesh, place: Place, count: int = 1) -> str:
    """Create records; the trace id of the request."""
    body = {"records": [{"fields": {place.name_field: f"Heard {number}"}} for number in range(count)]}
    answer = mesh.client().ask("POST", place.records, json=body)
    assert answer.status == 201, answer
    return answer.trace


def said(project: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (project / "program.log").read_text().splitlines() if line.startswith("{")]


@pytest.mark.timeout(300)
def test_a_program_in_another_language_hears_an_event_in_the_trace_of_its_request(
    mesh: Mesh, place: Place, subscriber: Subscriber, project: Path
) -> None:
    before = subscriber.counted()
    trace = create(mesh, place)
    eventually(lambda: subscriber.counted() == before + 1, within=10, what="the record's creation was counted")
    heard = [line for line in said(project) if line.get("outcome") == "counted"][-1]
    assert (heard["type"], heard["trace"]) == ("airtable-connector.record-created.v1", trace)


def test_a_program_killed_in_the_middle_of_an_event_counts_it_once(
    mesh: Mesh, place: Place, subscriber: Subscriber
) -> None:
    before = subscriber.counted()
    with closing(sqlite3.connect(subscriber.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # the program can begin the event and not end it
        create(mesh, place)
        eventually(lambda: not subscriber.answers(), within=3, what="the program waits in the middle of the event")
        subscriber.kill()
        other.execute("ROLLBACK")
    assert subscriber.counted() == before
    subscriber.start()
    eventually(lambda: subscriber.counted() == before + 1, within=40, what="the event came again and was counted")


def test_every_event_is_counted_once_though_the_program_dies_again_and_again_and_all_come_twice(
    mesh: Mesh, place: Place, subscriber: Subscriber
) -> None:
    before, created = subscriber.counted(), 0
    for _ in range(4):
        create(mesh, place, 10)
        created += 10
        eventually(lambda: subscriber.counted() > before + created - 10, within=40, what="it is in the midst of them")  # noqa: B023
        subscriber.kill()
        subscriber.start()
    eventually(lambda: subscriber.counted() == before + created, within=60, what="all are counted")
    with closing(broker(mesh)) as bus:
        events = bus.xrange("airtable-connector.record-created")
        for _, fields in events[-created:]:
            bus.xadd("airtable-connector.record-created", fields)
        create(mesh, place)
        eventually(lambda: subscriber.counted() > before + created, within=20, what="what came after them is counted")
        stream = "airtable-connector.record-created"
        eventually(
            lambda: bus.xinfo_groups(stream)[0]["lag"] == 0 and not bus.xpending(stream, NAME)["pending"],
            within=60,  # what the sidecar had in hand when the program died comes again after 30 s, looked for every 5
            what="everything on the stream was brought and acknowledged",
        )
        assert not bus.xlen(f"dead-letters.{NAME}"), "an event was given up"
    assert subscriber.counted() == before + created + 1


def test_a_program_hears_nothing_that_it_was_not_given(mesh: Mesh, subscriber: Subscriber) -> None:
    url = f"http://127.0.0.1:{subscriber.ports.dapr_http}/v1.0"
    stolen = httpx.post(f"{url}/publish/bus/airtable-connector.record-created", json={})
    assert (stolen.status_code, stolen.json()["errorCode"]) == (403, "ERR_PUBSUB_FORBIDDEN")
    secret = httpx.get(f"{url}/secrets/secrets/identity%2Fsigning-key")
    assert secret.status_code == 403


def test_a_poisonous_event_is_put_away_and_the_next_is_counted(
    mesh: Mesh, place: Place, subscriber: Subscriber, project: Path
) -> None:
    before = subscriber.counted()
    with closing(broker(mesh)) as bus:
        for poison in (b"{", b'{"type": "unknown.v1"}', b'{"type": "airtable-connector.record-created.v1"}'):
            bus.xadd("airtable-connector.record-created", {"data": poison})
        create(mesh, place)
        eventually(lambda: subscriber.counted() == before + 1, within=5, what="the event behind them is counted")
        eventually(lambda: bus.xlen(f"dead-letters.{NAME}") == 3, within=10, what="the dead letters hold all three")
        bus.delete(f"dead-letters.{NAME}")


def test_a_program_that_nobody_named_has_no_bus(mesh: Mesh, tmp_path: Path) -> None:
    ports = AppPorts.of(PORT + 1, 0, mesh.offset)
    stranger = start_daprd(mesh, tmp_path, "stranger", ports)
    url = f"http://127.0.0.1:{ports.dapr_http}/v1.0"
    try:
        eventually(lambda: httpx.get(f"{url}/healthz/outbound").is_success, within=20, what="the sidecar is there")
        answer = httpx.post(f"{url}/publish/bus/airtable-connector.record-created", json={})
        assert (answer.status_code, answer.json()["errorCode"]) == (404, "ERR_PUBSUB_NOT_FOUND")
    finally:
        end(stranger)


def test_the_example_runs_under_the_official_cli_beside_the_mesh() -> None:
    """`make example-node`, with a mesh of its own on the usual ports."""
    done = subprocess.run(
        [sys.executable, "-m", "demo.another_language"], cwd=ROOT, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"outcome":"counted"' in done.stdout
    assert "2 of 2 steps held" in done.stdout
