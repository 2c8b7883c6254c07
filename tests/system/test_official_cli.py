"""`make infra && . .run/env && dapr run -f dapr.yaml`, with the official CLI and the unmodified run file."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from demo import journey
from demo.report import Step
from tests.system.mesh import ROOT, Mesh, eventually, gone


@pytest.fixture
def infra(tmp_path: Path) -> Iterator[Mesh]:
    """Data tier and control plane on the usual ports: the CLI hard-codes sentry's."""
    mesh = Mesh(ROOT / ".run", 0)
    mesh.local("infra")
    yield mesh
    mesh.close()
    mesh.down()


def descendants(pid: int) -> list[int]:
    return [child.pid for child in psutil.Process(pid).children(recursive=True)]


@pytest.mark.timeout(600)
def test_the_same_journey_runs_under_dapr_run(infra: Mesh) -> None:
    command = ". .run/env && exec dapr run -f dapr.yaml"
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
    running = subprocess.Popen(
        ["/bin/sh", "-c", command],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        client = infra.client()
        eventually(
            lambda: client.get("/health")["status"] == "ok", within=40, what="the mesh is up under `dapr run -f`"
        )
        place = journey.find_place(client)
        journey.read_filtered(client, place, Step("filter"))
        journey.write(client, place, Step("write"))
        journey.through_pyairtable(infra.address, place, Step("pyairtable"))
        pids = [running.pid, *descendants(running.pid)]
        assert len(pids) > 4, "the CLI runs apps and sidecars"
    finally:
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=60)
    eventually(lambda: gone(pids), within=10, what="nothing of `dapr run` is left after Ctrl-C")
