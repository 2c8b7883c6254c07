"""The dashboard and the alerts stand on metrics that exist, and every app is watched. On a mesh: on_a_mesh.py."""

import re
from pathlib import Path

import pytest

from chassis import AppSettings
from chassis._mesh import Mesh
from chassis._telemetry import Metrics
from local.errors import SetupError
from local.observability import objective_of
from local.plan import load_plan
from tests.observability import files

ROOT = Path(__file__).parents[2]
OF_PROMETHEUS = {"up", "vector"}


async def known() -> set[str]:
    """The names of all series an app has, and of those made from them."""
    settings = AppSettings(app_id="note-service")
    metrics, mesh = Metrics("note-service"), Mesh(settings)
    metrics.watch(mesh)
    metrics.pool(1, lambda: 0)
    ends = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}
    found = {
        family.name + end for family in metrics.registry.collect() for end in ends.get(family.type, [""])
    } | OF_PROMETHEUS  # fmt: skip
    await mesh.aclose()
    return found | {where for where, _ in files.expressions() if ":" in where}


async def test_every_expression_stands_on_metrics_that_exist():
    names = await known()
    for where, expression in files.expressions():
        used = set(re.findall(r"\b((?:[a-z]+:)?[a-z_]{2,}[a-z0-9_:]*)(?=[{\[]|$)", expression, re.MULTILINE))
        assert used <= names, f"{where}: {used - names}"
        assert used or "vector" in expression or ":" in expression, where


def test_every_alert_says_what_it_means_and_what_to_do():
    for name, rule in files.alerts().items():
        assert rule["labels"]["severity"] in ("page", "ticket"), name
        assert set(rule["annotations"]) == {"summary", "next"}, name


def test_panels_have_numbers_and_places_of_their_own():
    panels = files.dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}) == len(panels)


def test_every_app_is_scraped():
    assert sorted(load_plan(ROOT / "dapr.yaml").app_ids) == sorted(files.app_ids())


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("99.95 % · p95 50 ms", (0.9995, 0.05)),
        ("99.5 % · p95 100 ms; more", (0.995, 0.1)),
        ("99 % · p95 5 ms from the cache", (0.99, None)),
        ("99 % without Airtable", (0.99, None)),
    ],
)
def test_a_passports_objective_is_read(tmp_path, said, meant):
    (tmp_path / "apps" / "note_service").mkdir(parents=True)
    (tmp_path / "apps" / "note_service" / "__init__.py").write_text(f'"""Notes.\n\nSLO         {said}\n"""\n')
    assert objective_of(tmp_path, "note-service") == meant


def test_a_passport_without_a_share_is_refused(tmp_path):
    (tmp_path / "apps" / "note_service").mkdir(parents=True)
    (tmp_path / "apps" / "note_service" / "__init__.py").write_text('"""Notes.\n\nSLO         fast\n"""\n')
    with pytest.raises(SetupError, match="begins with a share"):
        objective_of(tmp_path, "note-service")
