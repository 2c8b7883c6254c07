"""The real mesh, started once for all system tests: daprd with mTLS, PostgreSQL, Valkey, the sandbox."""

import os
from collections.abc import Iterator

import httpx
import pytest

from demo.journey import Place, find_place
from tests.system.canaries import leaks
from tests.system.mesh import Mesh, eventually, gone

OFFSET = 10_000


@pytest.fixture(scope="session")
def running_mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    mesh = Mesh(tmp_path_factory.mktemp("mesh"), OFFSET)
    mesh.up(env={"API_GATEWAY_COUNT_EVERY": "1", "ANALYTICS_SERVICE_SAMPLES": "1000"})
    yield mesh
    mesh.close()
    if os.environ.get("CANARIES"):  # `make canaries`
        assert leaks(mesh.run_dir, {}) == [], "after all these tests, a secret of the run can be read"
    pids = mesh.pids()
    mesh.down()
    eventually(lambda: gone(pids), within=5, what="nothing of the mesh is left after `down`")


@pytest.fixture
def mesh(running_mesh: Mesh) -> Iterator[Mesh]:
    """The shared mesh, whole and without faults before each test."""
    httpx.delete(f"{running_mesh.address.sandbox_admin_url}/faults")
    eventually(
        lambda: all(entry["state"] == "ready" for entry in running_mesh.processes().values()),
        within=15,
        what=f"every process is ready: {running_mesh.processes()}",
    )
    yield running_mesh
    httpx.delete(f"{running_mesh.address.sandbox_admin_url}/faults")


@pytest.fixture
def place(mesh: Mesh) -> Place:
    return find_place(mesh.client())
