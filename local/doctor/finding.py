"""What a check found, and the commands that repair it."""

import shlex
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import SetupError
from ..options import ROOT
from ..plan import load_plan
from ..run_dir import Record, RunDirectory


@dataclass(frozen=True)
class Finding:
    """One line of the report. `remedy` is a command, or an instruction where no command can help."""

    check: str
    ok: bool
    found: str
    remedy: str | None = None


@dataclass(frozen=True)
class Commands:
    """This project's own commands for one run directory, short where the usual one is meant."""

    run: RunDirectory
    record: Record | None = None
    _where: str = field(init=False)

    def __post_init__(self) -> None:
        usual = self.run.path == ROOT / ".run"
        object.__setattr__(self, "_where", "" if usual else f" --run-dir {shlex.quote(str(self.run.path))}")

    @property
    def down(self) -> str:
        return self._command("down")

    @property
    def up(self) -> str:
        """Start again what the record says was running."""
        launcher = self.record.launcher if self.record else {}
        options = ""
        if self.record and self.record.offset:
            options += f" --port-offset {self.record.offset}"
        if launcher.get("real_airtable") and launcher.get("writes_allowed"):
            options += " --allow-writes"
        if launcher.get("infra_only"):
            return self._command("infra", options)
        if launcher.get("apps") and launcher["apps"] != _all_apps():
            options += f" --apps {','.join(launcher['apps'])}"
        return self._command("up", f" --detach{options}")

    @property
    def again(self) -> str:
        return f"{self.down} && {self.up}"

    def _command(self, name: str, options: str = "") -> str:
        if not options and not self._where:
            return f"make {name}"
        return f".venv/bin/python -m local {name}{options}{self._where}"


def _all_apps() -> list[str] | None:
    try:
        return load_plan(ROOT / "dapr.yaml").app_ids
    except SetupError:
        return None


def remove(path: Path) -> str:
    return f"rm -r {shlex.quote(str(path))}"
