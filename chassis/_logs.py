"""Logs: one JSON object a line on standard output, each with app and trace, none with a secret."""

import logging
import re
import sys
import time
from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any, TextIO

import orjson
import structlog

from ._context import current_or_none

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
HIDDEN = "[hidden]"
_SECRET_NAME = re.compile(r"(?i)(authorization|cookie|token|secret|password|passwd|api[-_]?key|(^|[-_])key$)")
# Our keys, Airtable's tokens, bearer headers, JWTs, private keys, passwords in URLs: wherever they are in a text.
_SECRET_TEXT = re.compile(
    r"pya_[A-Za-z0-9_\-]{4,}|pat[A-Za-z0-9]{14}(?:\.[A-Za-z0-9]+)?|(?i:bearer)\s+[A-Za-z0-9._\-]{8,}"
    r"|eyJ[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]*|sk-[A-Za-z0-9_\-]{8,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)|(?<=:/)/?[^/\s:@]*:[^/\s@]+(?=@)",
    re.DOTALL,
)


def redact(value: Any, name: str = "") -> Any:
    """`value` with every secret replaced: whole values under a telling name, and tokens inside of any text."""
    if value.__class__ is int or value.__class__ is float:
        return value if -(2**63) <= value < 2**63 else str(value)
    if name and isinstance(value, str | bytes) and _is_telling(name):
        return HIDDEN
    if isinstance(value, str):
        return _SECRET_TEXT.sub(HIDDEN, value)
    if isinstance(value, bytes):
        return _SECRET_TEXT.sub(HIDDEN, value.decode(errors="replace"))
    if isinstance(value, dict):
        return {str(key): redact(each, str(key)) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(each, name) for each in value]
    if value is None or isinstance(value, bool):
        return value
    return _SECRET_TEXT.sub(HIDDEN, str(value))


@lru_cache(1_000)
def _is_telling(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None


def line(app_id: str, level: str, event: str, fields: MutableMapping[str, Any]) -> bytes:
    """One log line, newline included, with the running request's trace, request and tenant."""
    now = time.time()
    document: dict[str, Any] = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03d}Z",
        "level": level,
        "app": app_id,
        "event": redact(event),
    }
    context = current_or_none()
    if context:
        document["trace_id"] = context.trace_id
        document["request_id"] = context.request_id
        if context.principal:
            document["tenant"] = context.principal.tenant
            document["user"] = context.principal.user
    for name, value in fields.items():
        document.setdefault(name, redact(value, name))
    return orjson.dumps(document) + b"\n"


class Log:
    """The log of one app, to `out`: by default what is standard output when a line is written."""

    def __init__(self, app_id: str, level: str = "info", out: TextIO | None = None) -> None:
        self.app_id = app_id
        self._level = LEVELS[level.lower()]
        self._out = out

    def debug(self, event: str, **fields: Any) -> None:
        self._write("debug", event, fields)

    def info(self, event: str, **fields: Any) -> None:
        self._write("info", event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        self._write("warning", event, fields)

    def error(self, event: str, **fields: Any) -> None:
        self._write("error", event, fields)

    def _write(self, level: str, event: str, fields: dict[str, Any]) -> None:
        if LEVELS[level] < self._level:
            return
        out = self._out or sys.stdout
        text = line(self.app_id, level, event, fields)
        try:
            buffer = getattr(out, "buffer", None)
            if buffer is not None:
                buffer.write(text)
                buffer.flush()
            else:
                out.write(text.decode())
        except (BrokenPipeError, ValueError):
            pass  # whoever read the log is gone; that is no reason to fail a request


class _Handler(logging.Handler):
    """Hands what libraries log through `logging` to our log."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, Any] = {"logger": record.name}
        if record.exc_info and record.exc_info[1] is not None:
            fields["exception"] = structlog.processors.format_exc_info(None, "", {"exc_info": record.exc_info})[
                "exception"
            ]
        level = "error" if record.levelno >= 40 else "warning" if record.levelno >= 30 else "info"
        self._log._write(level, record.getMessage(), fields)


def own_process(log: Log) -> None:
    """Make `log` the log of this whole process: what libraries and `structlog.get_logger()` say goes through it."""
    root = logging.getLogger()
    root.handlers[:] = [_Handler(log)]
    root.setLevel(logging.WARNING)

    def write(_: Any, level: str, fields: MutableMapping[str, Any]) -> str:
        event = str(fields.pop("event", ""))
        log._write(level if level in LEVELS else "error", event, dict(fields))
        raise structlog.DropEvent

    structlog.configure(processors=[structlog.processors.format_exc_info, write], cache_logger_on_first_use=False)
