"""A line of a log, whoever wrote it: apps and sidecars say the same things under different names."""

from datetime import UTC, datetime
from typing import Any

import orjson

from contracts.analytics_service import LogLevel, LogLine, LogsQuery

TIMES, LEVELS, EVENTS = ("at", "time"), ("level",), ("event", "msg")
SEVERITY: dict[str, int] = {"debug": 0, "info": 1, "warning": 2, "warn": 2, "error": 3, "fatal": 3, "critical": 3}
NAMES: tuple[LogLevel, ...] = ("debug", "info", "warning", "error")
ELSEWHERE = {*TIMES, *LEVELS, *EVENTS, "app", "app_id", "trace_id", "request_id", "tenant"}


def parsed(raw: bytes) -> dict[str, Any] | None:
    """The fields of a JSON line; None: it is none. Nobody has looked for secrets in what is no JSON."""
    if not raw.startswith(b"{"):
        return None
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def moment(fields: dict[str, Any]) -> int | None:
    """Unix time in microseconds."""
    text = str(next((fields[name] for name in TIMES if name in fields), ""))
    try:
        # Sidecars write nanoseconds, which no datetime has.
        at = datetime.fromisoformat(text[:26].rstrip("Z"))
    except ValueError:
        return None
    return round(at.replace(tzinfo=UTC).timestamp() * 1e6)


def app_of(process: str) -> str:
    return process.removesuffix(".sidecar").partition("@")[0]


def wanted(raw: bytes, fields: dict[str, Any], query: LogsQuery) -> bool:
    if query.trace and query.trace not in (fields.get("trace_id"), fields.get("request_id")):
        return False
    if query.tenant and fields.get("tenant") != query.tenant:
        return False
    if SEVERITY[_level(fields)] < SEVERITY[query.level]:
        return False
    return not query.text or query.text.lower() in raw.decode(errors="replace").lower()


def line(process: str, at: int, fields: dict[str, Any]) -> LogLine:
    rest = {name: value for name, value in fields.items() if name not in ELSEWHERE}
    return LogLine(
        at=datetime.fromtimestamp(at / 1e6, UTC),
        app=app_of(process),
        process=process,
        level=_level(fields),
        event=str(next((fields[name] for name in EVENTS if name in fields), "")),
        trace_id=fields.get("trace_id"),
        request_id=fields.get("request_id"),
        tenant=fields.get("tenant"),
        fields=rest,
    )


def _level(fields: dict[str, Any]) -> LogLevel:
    return NAMES[SEVERITY.get(str(fields.get("level", "info")).lower(), 1)]
