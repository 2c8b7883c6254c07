"""Unmodified airtable.js through the gateway."""

import shutil
from pathlib import Path

from demo.journey import Place
from tests.system.mesh import Mesh, run

FOLDER = Path(__file__).parent / "airtable_js"


def test_unmodified_airtable_js_performs_the_journey(mesh: Mesh, place: Place, tmp_path: Path) -> None:
    project = tmp_path / "airtable_js"
    shutil.copytree(FOLDER, project, ignore=shutil.ignore_patterns("node_modules"))
    run("npm", "ci", "--no-audit", "--no-fund", cwd=project)
    where = [mesh.address.url, mesh.address.key, place.base, place.table, place.name_field, place.choice_field]
    assert "created, updated and deleted" in run("node", "journey.js", *where, cwd=project)
