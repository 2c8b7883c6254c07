"""The launcher, as its user meets it: nothing is left behind, a second mesh fits beside the first, errors are said."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.system.mesh import ROOT, Mesh, eventually, gone

BESIDE = 6_000


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Mesh]:
    """A mesh of its own, beside the shared one."""
    mesh = Mesh(tmp_path / "run", BESIDE)
    yield mesh
    mesh.close()
    mesh.local("down", check=False)


def test_a_second_mesh_runs_beside_the_first_and_down_leaves_nothing(mesh: Mesh, second: Mesh) -> None:
    second.up()
    assert second.client().get("/api/v1/bases")["items"]
    assert mesh.client().get("/api/v1/bases")["items"]
    pids = second.pids()
    second.down()
    assert gone(pids), "a process is left after `down`"


def test_ctrl_c_stops_everything(second: Mesh) -> None:
    command = [
        sys.executable,
        "-m",
        "local",
        "up",
        "--run-dir",
        str(second.run_dir),
        "--port-offset",
        str(BESIDE),
    ]
    foreground = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    eventually(lambda: second.client().get("/api/v1/bases"), within=40, what="the mesh answers")
    pids = second.pids()
    foreground.send_signal(signal.SIGINT)
    output, _ = foreground.communicate(timeout=30)
    assert gone(pids), "a process is left after Ctrl-C"
    assert "Traceback" not in output


def test_the_next_up_clears_what_a_killed_launcher_left(second: Mesh) -> None:
    second.up()
    before = second.pids()
    os.kill(second.record()["launcher"]["pid"], signal.SIGKILL)
    second.up()
    assert gone(before), "a leftover of the killed launcher still runs"
    assert second.client().get("/api/v1/bases")["items"]


def test_down_clears_what_a_killed_launcher_left(second: Mesh) -> None:
    second.up()
    before = second.pids()
    os.kill(second.record()["launcher"]["pid"], signal.SIGKILL)
    second.down()
    assert gone(before)


def test_a_taken_port_is_named_with_its_owner_before_anything_starts(second: Mesh) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # an earlier mesh's connections linger
        taken.bind(("127.0.0.1", 8020 + BESIDE))
        taken.listen()
        said = second.local("up", "--detach", "--port-offset", str(BESIDE), check=False)
    assert str(8020 + BESIDE) in said
    assert str(os.getpid()) in said
    assert not (second.run_dir / "processes.json").exists() or gone(second.pids())


def test_replicas_share_the_calls_and_can_be_taken_back(second: Mesh) -> None:
    second.up()
    second.local("scale", "airtable-connector=2")
    eventually(
        lambda: second.processes()["airtable-connector@1"]["state"] == "ready",
        within=15,
        what="the replica is ready",
    )
    assert second.processes()["airtable-connector@1"]["ports"]["http"] == 8020 + 1000 + BESIDE
    client = second.client()
    for _ in range(10):
        assert client.get("/api/v1/bases")["items"]
    replica = psutil.Process(second.processes()["airtable-connector@1"]["pid"])
    second.local("scale", "airtable-connector=1")
    eventually(lambda: gone([replica.pid]), within=10, what="the replica is stopped")
    eventually(lambda: client.get("/api/v1/bases")["items"], within=8, what="the rest answers")


def test_an_app_that_refuses_its_configuration_is_named_by_why(second: Mesh) -> None:
    said = second.local(
        "up",
        "--detach",
        "--port-offset",
        str(BESIDE),
        "--set",
        "AIRTABLE_CONNECTOR_READ_CACHE_TTL=soon",
        check=False,
    )
    assert "AIRTABLE_CONNECTOR_READ_CACHE_TTL" in said
    client = second.client()
    answer = client.ask("GET", "/api/v1/bases")
    assert (answer.status, answer.body["service"]) == (503, "airtable-connector")
    why = client.ask("GET", "/api/v1/why/last", headers={"accept": "text/plain"}).body
    assert "AIRTABLE_CONNECTOR_READ_CACHE_TTL" in why, why
    assert "config" in why


def test_a_part_of_the_platform_can_be_started(second: Mesh) -> None:
    second.up("--apps", "api-gateway")
    assert "airtable-connector" not in second.processes()
    assert httpx.get(f"{second.address.url}/problems").status_code == 200
