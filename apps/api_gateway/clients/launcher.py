"""The launcher's record of processes, a file it replaces whole at each change."""

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


def _process(record: dict[str, Any]) -> Process:
    ended = record.get("last_exit")
    return Process(
        name=record["name"],
        kind=record["kind"],
        app_id=record.get("app_id"),
        state=record["state"],
        since=float(record["since"]),
        restarts=int(record.get("restarts", 0)),
        last_exit=Exit(ended.get("code"), ended.get("signal"), float(ended["at"]), ended.get("line") or "")
        if ended
        else None,
    )
