"""Which faults there are, and that the drill and what it examines do not know each other."""

import ast
from collections import Counter
from pathlib import Path

from local.drill.every import every
from local.drill.faults import ASKED
from local.plan import load_plan

ROOT = Path(__file__).parents[3]
APPS = load_plan(ROOT / "dapr.yaml").app_ids


def test_every_app_has_a_request_that_needs_it_and_faults_of_its_own() -> None:
    assert set(ASKED) == set(APPS)
    ill = Counter(fault.app for fault in every(APPS, 1) if fault.service)
    assert all(ill[app] >= 2 for app in APPS), ill


def test_half_run_under_traffic_and_a_fifth_without_the_kept_evidence() -> None:
    faults = every(APPS, 1)
    assert abs(2 * sum(fault.busy for fault in faults) - len(faults)) <= 1
    assert sum(fault.blind for fault in faults) >= 0.15 * len(faults)
    assert not any(fault.blind and fault.app == "analytics-service" for fault in faults)


def test_each_family_has_three_faults_and_the_seed_decides_the_order() -> None:
    faults = every(APPS, 1)
    assert min(Counter(fault.family for fault in faults).values()) >= 3
    names = [[(fault.family, fault.app) for fault in every(APPS, seed)] for seed in (1, 1, 2)]
    assert names[0] == names[1] != names[2]
    assert sorted(names[0]) == sorted(names[2])


def test_a_family_alone_can_be_chosen() -> None:
    assert {fault.family for fault in every(APPS, 1, ["process frozen"])} == {"process frozen"}


def test_why_knows_no_family_by_name() -> None:
    families = {fault.family for fault in every(APPS, 1)} - {"healthy"}
    for path in (ROOT / "apps/api_gateway/domain/why").glob("*.py"):
        text = path.read_text("utf-8")
        assert not [family for family in families if family in text], path


def test_the_drill_imports_nothing_of_the_platform() -> None:
    for path in (ROOT / "local/drill").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.split(".")[0] in ("apps", "chassis", "contracts")], path
