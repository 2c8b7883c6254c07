"""config/observability as data: documents, expressions, alerts."""

import json
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[2] / "config" / "observability"


def loaded() -> dict[str, Any]:
    """Every YAML file by its name."""
    return {path.name: yaml.safe_load(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.yaml"))}


def dashboard() -> dict[str, Any]:
    return json.loads((FOLDER / "dashboard.json").read_text("utf-8"))  # type: ignore[no-any-return]


def alerts() -> dict[str, dict[str, Any]]:
    return {rule["alert"]: rule for rule in _rules() if "alert" in rule}


def app_ids() -> list[str]:
    """The apps that are scraped."""
    (apps,) = [job for job in loaded()["prometheus.yaml"]["scrape_configs"] if job["job_name"] == "apps"]
    return [target["labels"]["app"] for target in apps["static_configs"]]


def expressions() -> list[tuple[str, str]]:
    """(where it stands, PromQL) of rules and panels, and of alerts what they compare: all of it has values always."""
    found = [(rule["record"], rule["expr"]) for rule in _rules() if "record" in rule]
    for panel in dashboard()["panels"]:
        found += [(panel["title"], target["expr"].replace("$app", ".*")) for target in panel["targets"]]
    for name, rule in alerts().items():
        found += [(name, side) for side in _sides(rule["expr"])]
    return found


def _rules() -> list[dict[str, Any]]:
    return [rule for document in loaded().values() for group in document.get("groups", []) for rule in group["rules"]]


def _sides(expression: str) -> list[str]:
    """What stands before the comparison of each `and`."""
    sides = []
    for part in expression.split("\n  and "):
        before = part
        for sign in (" > ", " == ", "\n  >= "):
            before = before.partition(sign)[0]
        sides.append(before.strip())
    return sides
