"""The launcher's record of processes, a file it replaces whole at each change; and how hard they work."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

from apps.api_gateway.domain.why.evidence import Exit, Process
from apps.api_gateway.settings import Settings


class LauncherRecord:
    def __init__(self, settings: Settings) -> None:
        self._path = settings.launcher_record

    def processes(self) -> tuple[Process, ...] | None:
        """Every process; None where there is no record or it cannot be read, which is then missing evidence."""
        if self._path is None:
            return None
        try:
            record = orjson.loads(self._path.read_bytes())
            return tuple(_process(each) for each in record["processes"])
        except (OSError, ValueError, KeyError, TypeError):
            return None


def worked(processes: Iterable[Process], app: str) -> float | None:
    """Seconds of CPU that those of the app have used, replicas together; None where that cannot be known."""
    pids = [each.pid for each in processes if each.app_id == app and each.kind == "app" and each.pid]
    try:
        return sum(_cpu_seconds(pid) for pid in pids) if pids else None
    except (OSError, ValueError, IndexError):
        return None


def _cpu_seconds(pid: int) -> float:
    """Of user and system, by proc_pid_stat(5); a system without it raises OSError."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _process(record: dict[str, Any]) -> Process:
    ended = record.get("last_exit")
    return Process(
        name=record["name"],
        kind=record["kind"],
        app_id=record.get("app_id"),
        state=record["state"],
        since=float(record["since"]),
        restarts=int(record.get("restarts", 0)),
        pid=int(record.get("pid") or 0),
        last_exit=Exit(ended.get("code"), ended.get("signal"), float(ended["at"]), ended.get("line") or "")
        if ended
        else None,
    )
