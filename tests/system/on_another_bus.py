"""The whole mesh on the bus that BUS names, by one file of components/: `make test-bus` runs it on the others."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.journey import Place, find_place
from tests.house.rules.source import tracked
from tests.system.mesh import ROOT, Mesh, eventually
from tests.system.test_events import (
    complete_though_killed,
    test_a_write_through_the_gateway_is_in_the_store_under_its_trace_and_pyat_shows_its_tree,
)

__all__ = ["test_a_write_through_the_gateway_is_in_the_store_under_its_trace_and_pyat_shows_its_tree"]

SERVER = {"jetstream": "nats", "kafka": "kafka"}


@pytest.fixture(scope="module")
def bus() -> str:
    return os.environ["BUS"]


@pytest.fixture(scope="module")
def mesh(bus: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    """A copy of the repository with that one file put in the place of the other, running."""
    folder = tmp_path_factory.mktemp(bus)
    project = folder / "project"
    for file in tracked(ROOT):
        (project / file.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, project / file.relative_to(ROOT))
    (project / ".venv").symlink_to(Path(sys.prefix))
    shutil.copy2(project / "components" / "alternatives" / f"bus-{bus}.yaml", project / "components" / "bus.yaml")
    mesh = Mesh(folder / "run", 11_000, project)
    mesh.up()
    yield mesh
    mesh.close()
    mesh.down()


@pytest.fixture
def place(mesh: Mesh) -> Place:
    return find_place(mesh.client())


@pytest.mark.timeout(300)
def test_the_store_is_complete_after_it_and_its_sidecar_and_the_broker_were_killed_while_events_flowed(
    mesh: Mesh, place: Place, bus: str
) -> None:
    complete_though_killed(mesh, place, ("event-processor", "event-processor.sidecar", SERVER[bus]))


def test_doctor_asks_the_broker_too_and_finds_nothing_wrong(mesh: Mesh, bus: str) -> None:
    def answers() -> bool:
        found = [line for line in mesh.local("doctor").splitlines() if f" {SERVER[bus]} " in line]
        return len(found) == 1 and "answers" in found[0]

    eventually(answers, within=30, what="the broker that was killed is back, and nothing else is wrong")
