"""What a person chose for one run of the mesh, checked against the plan and the environment."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import ports
from .errors import SetupError
from .plan import Plan, load_plan
from .run_dir import RunDirectory

ROOT = Path(__file__).absolute().parents[1]
REAL_AIRTABLE = "https://api.airtable.com"
CONNECTOR = "airtable-connector"
_FOR_ALL = ("LOG_LEVEL",)
_TOKEN = "AIRTABLE_TOKEN"  # noqa: S105 - the variable's name; _SALES after it is the connection `sales`


@dataclass(frozen=True)
class Options:
    """One run: which apps, where, and with which settings."""

    run: RunDirectory
    offset: int
    plan: Plan
    settings: Mapping[str, str] = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)
    real_airtable: bool = False
    connections: tuple[str, ...] = ("default",)
    writes_allowed: bool = True
    infra_only: bool = False
    through: str = ""  # a module that runs each app, for the drill

    @property
    def fingerprint(self) -> dict[str, Any]:
        """What makes a second `up` the same as the first. No secret is in it."""
        return {
            "infra_only": self.infra_only,
            "apps": [] if self.infra_only else self.plan.app_ids,
            "offset": self.offset,
            "real_airtable": self.real_airtable,
            "connections": list(self.connections),
            "writes_allowed": self.writes_allowed,
            "through": self.through,
            "settings": hashlib.sha256(json.dumps(self._given).encode()).hexdigest()[:12],
        }

    @property
    def _given(self) -> list[tuple[str, str]]:
        """The settings that reach the apps."""
        prefixes = tuple(app.setting_prefix for app in self.plan.apps)
        return sorted((n, v) for n, v in self.settings.items() if n in _FOR_ALL or n.startswith(prefixes))

    @property
    def usual_place(self) -> bool:
        """Whether `dapr run -f dapr.yaml` fits: the CLI knows one port of sentry, components/ one secrets file."""
        return self.offset == 0 and self.run.path == ROOT / ".run"

    @property
    def app_ids(self) -> list[str]:
        return self.plan.app_ids


def choose(
    run_dir: Path,
    offset: int,
    *,
    apps: Sequence[str] | None = None,
    assignments: Sequence[str] = (),
    allow_writes: bool = False,
    infra_only: bool = False,
    through: str = "",
    environment: Mapping[str, str] = os.environ,
    root: Path = ROOT,
) -> Options:
    """Check every choice. Raises SetupError that names what is wrong and what would be right."""
    ports.check_offset(offset)
    plan = load_plan(root / "dapr.yaml").part(apps)
    real = bool(environment.get(_TOKEN))
    tokens = airtable_tokens(environment)
    if tokens and not real:
        raise SetupError(f"{_TOKEN}_… are further connections beside the one of {_TOKEN}: set that too")
    writes = not real or allow_writes
    prefix = CONNECTOR.upper().replace("-", "_")
    platform = {
        f"{prefix}_AIRTABLE_URL": REAL_AIRTABLE if real else f"http://127.0.0.1:{ports.SANDBOX + offset}",
        f"{prefix}_ALLOW_WRITES": "true" if writes else "false",
    }
    usual = {f"{prefix}_CONNECTIONS": ",".join(["default", *tokens])}
    settings = {**usual, **environment, **platform, **_assigned(assignments, plan)}
    if not writes and settings[f"{prefix}_ALLOW_WRITES"] != "false":
        raise SetupError("--set cannot allow writes to the real Airtable: that is said with --allow-writes")
    return Options(
        run=RunDirectory(run_dir),
        offset=offset,
        plan=plan,
        settings=settings,
        environment=environment,
        real_airtable=real,
        connections=("default", *tokens),
        writes_allowed=writes,
        infra_only=infra_only,
        through=through,
    )


def airtable_tokens(environment: Mapping[str, str]) -> dict[str, str]:
    """Connection → token, beside the default one: AIRTABLE_TOKEN_SALES is that of `sales`."""
    return {
        name.removeprefix(f"{_TOKEN}_").lower().replace("_", "-"): token
        for name, token in sorted(environment.items())
        if name.startswith(f"{_TOKEN}_") and token
    }


def _assigned(assignments: Sequence[str], plan: Plan) -> dict[str, str]:
    """NAME=VALUE of `--set`, each NAME a setting of an app in the plan."""
    settings = {}
    prefixes = [app.setting_prefix for app in plan.apps]
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or not name:
            raise SetupError(f"--set {assignment!r}: write NAME=VALUE")
        if name not in _FOR_ALL and not any(name.startswith(prefix) for prefix in prefixes):
            known = ", ".join([*_FOR_ALL, *(f"{prefix}…" for prefix in prefixes)])
            raise SetupError(f"--set {name}: no app reads it; settings are called {known}")
        settings[name] = value
    return settings
