"""apps/analytics_service/declared.yaml: who calls whom, from the code, and what each journey needs, from the matrix of
the blast radius."""

import csv
from pathlib import Path
from typing import Any

from . import callers, configuration
from .plan import Plan

MATRIX = Path("docs/reference/blast-radius.csv")


def generated(root: Path, plan: Plan, calls: callers.Calls) -> dict[Path, str]:
    """Nothing where there is no analytics-service."""
    if "analytics-service" not in plan.app_ids:
        return {}
    by_caller = {
        app: sorted(callee for callee in plan.app_ids if app in calls.of(callee)) for app in sorted(plan.app_ids)
    }
    told = {"calls": by_caller, "journeys": journeys(root / MATRIX)}
    return {root / "apps" / "analytics_service" / "declared.yaml": configuration.text(told)}


def journeys(matrix: Path) -> list[dict[str, Any]]:
    """The most frequent first, each with the components whose death failed it; a sidecar's is its app's."""
    needs: dict[str, set[str]] = {}
    weights: dict[str, int] = {}
    if not matrix.is_file():
        return []
    with matrix.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            weights[row["journey"]] = int(row["weight"])
            found = needs.setdefault(row["journey"], set())
            if int(row["failed"]):
                found.add(row["component"].removesuffix(".sidecar"))
    order = sorted(needs, key=lambda name: (-weights[name], name))
    return [{"name": name, "weight": weights[name], "needs": sorted(needs[name])} for name in order]
