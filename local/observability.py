"""config/observability: what Prometheus scrapes, and each app's objective, from dapr.yaml and the passports."""

import re
from pathlib import Path
from typing import Any

from . import configuration
from .errors import SetupError
from .plan import App, Plan
from .ports import AppPorts

EVERY = "15s"


def generated(root: Path, plan: Plan) -> dict[Path, str]:
    """prometheus.yaml for a mesh of `make up`, and objectives.yaml for any."""
    folder = root / "config" / "observability"
    return {
        folder / "prometheus.yaml": configuration.text(_scraped(plan)),
        folder / "objectives.yaml": configuration.text(_objectives(root, plan)),
    }


def objective_of(root: Path, app_id: str) -> tuple[float, float | None]:
    """The share of requests that must succeed, and the seconds within which 95 % must be answered.

    The second is None where the passport's number has a condition that a scraped metric cannot see, such as "from
    the cache". Raises SetupError for a passport that says no share.
    """
    passport = _passport(root, app_id)
    said = re.search(r"^SLO\s+([\d.]+) % *(.*)$", passport.read_text("utf-8"), re.MULTILINE)
    if not said:
        raise SetupError(f"{passport.relative_to(root)}: the SLO begins with a share, such as 99.9 %")
    latency = re.search(r"p95 (\d+) ms *(?:;|$)", said[2])
    return round(float(said[1]) / 100, 6), int(latency[1]) / 1000 if latency else None


def _passport(root: Path, app_id: str) -> Path:
    return root / "apps" / app_id.replace("-", "_") / "__init__.py"


def _scraped(plan: Plan) -> dict[str, Any]:
    def job(name: str, ports: dict[str, int]) -> dict[str, Any]:
        targets = [
            {"targets": [f"127.0.0.1:{port}"], "labels": {"app": app_id}} for app_id, port in sorted(ports.items())
        ]
        return {"job_name": name, "static_configs": targets}

    def port(app: App, of: str) -> int:
        return int(getattr(AppPorts.of(app.port), of))

    return {
        "global": {"scrape_interval": EVERY, "scrape_timeout": "5s", "evaluation_interval": EVERY},
        "rule_files": ["objectives.yaml", "rules.yaml", "alerts.yaml"],
        "scrape_configs": [
            job("apps", {app.app_id: port(app, "telemetry") for app in plan.apps}),
            job("sidecars", {app.app_id: port(app, "dapr_metrics") for app in plan.apps}),
        ],
    }


def _objectives(root: Path, plan: Plan) -> dict[str, Any]:
    rules = []
    for app in plan.apps:
        if not _passport(root, app.app_id).is_file():  # a house test sees to it that each app has one
            continue
        share, latency = objective_of(root, app.app_id)
        for name, number in (("app:objective:ratio", share), ("app:objective_p95:seconds", latency)):
            if number is not None:
                rules.append({"record": name, "labels": {"app": app.app_id}, "expr": f"vector({number})"})
    return {"groups": [{"name": "objectives", "rules": rules}]}
