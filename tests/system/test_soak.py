"""The soak in short, on the shared mesh and within Airtable's limits; `make soak` is the long one."""

from pathlib import Path

import pytest

from tests.system.mesh import Mesh
from tests.system.soak.soak import Soak

VICTIMS = ("airtable-connector", "api-gateway", "audit-service", "event-processor.sidecar", "postgres", "valkey")


@pytest.mark.timeout(900)
def test_every_acknowledged_write_is_done_told_and_audited_once_though_everything_is_killed_and_consumers_are_away(
    mesh: Mesh, tmp_path: Path
) -> None:
    soak = Soak(writes=150, kills=len(VICTIMS), outage=12, seed=1, victims=VICTIMS, budget=4)
    soak.run(mesh, tmp_path, print)
