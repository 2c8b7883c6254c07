"""`logs`: the processes' JSON lines as one readable stream, ordered by time."""

import heapq
import json
import re
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from .errors import SetupError
from .log_files import parsed
from .run_dir import RunDirectory

_TIMES = ("at", "timestamp", "time", "ts", "@timestamp")
_LEVELS = ("level", "severity")
_MESSAGES = ("event", "msg", "message")
_SEVERITY = {"debug": 0, "info": 1, "warning": 2, "warn": 2, "error": 3, "critical": 4, "fatal": 4}
_NOISE = {"app", "app_id", "scope", "type", "ver", "instance", "logger", "service"}
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_POLL = 0.2  # s, when following


@dataclass(order=True)
class Line:
    """One line of one process; `at` is a Unix time, that of the line before it when it has none."""

    at: float
    process: str = field(compare=False)
    text: str = field(compare=False)


@dataclass(frozen=True)
class Wanted:
    """Which lines are shown: those of one trace or request, of one tenant, of a level or a worse one, with a text."""

    trace: str = ""
    tenant: str = ""
    level: str = ""
    text: str = ""

    def __call__(self, line: Line) -> bool:
        fields = parsed(line.text) or {}
        if self.trace and self.trace not in (fields.get("trace_id"), fields.get("request_id")):
            return False
        if self.tenant and fields.get("tenant") != self.tenant:
            return False
        if self.level and _SEVERITY.get(_level(fields), 1) < _SEVERITY[self.level]:
            return False
        return self.text.lower() in line.text.lower()


def show(
    run: RunDirectory,
    names: Iterable[str],
    *,
    follow: bool,
    since: str | None,
    colour: bool,
    wanted: Wanted = Wanted(),
    as_json: bool = False,
) -> int:
    """Print the logs of these processes (an app's name means its sidecar and replicas too), all for none.

    `as_json`: one object a line, with `process`; a line that is no JSON becomes its `event`.
    """
    files = _files(run.logs, list(names))
    start = _since(since)
    width = max((len(name) for name in files), default=0)
    readers = {name: _Reader(name, path) for name, path in files.items()}

    def put(line: Line) -> None:
        if line.at >= start and wanted(line):
            print(_as_json(line) if as_json else rendered(line, width, colour))

    with suppress(BrokenPipeError, KeyboardInterrupt):
        for line in heapq.merge(*(list(reader.read()) for reader in readers.values())):
            put(line)
        while follow:
            sys.stdout.flush()
            time.sleep(_POLL)
            for line in sorted(one for reader in readers.values() for one in reader.read()):
                put(line)
        sys.stdout.flush()
    return 0


def rendered(line: Line, width: int, colour: bool) -> str:
    """`14:03:02.123 airtable-connector  WARNING  message  key=value …`."""
    clock = datetime.fromtimestamp(line.at).strftime("%H:%M:%S.%f")[:-3] if line.at else " " * 12
    name = line.process.ljust(width)
    fields = parsed(line.text)
    if fields is None:
        return f"{clock} {name}  {line.text}"
    level = _level(fields)
    said = str(_first(fields, _MESSAGES) or "")
    used = {*_TIMES, *_LEVELS, *_MESSAGES, *_NOISE}
    rest = "  ".join(f"{key}={_short(value)}" for key, value in fields.items() if key not in used)
    text = f"{clock} {name}  {level.upper():<7}  {said}  {rest}".rstrip()
    code = {"warning": "33", "warn": "33", "error": "31", "critical": "31", "fatal": "31"}.get(level)
    return f"\x1b[{code}m{text}\x1b[0m" if colour and code else text


class _Reader:
    """Reads one growing log; after the launcher has emptied it, from the start."""

    def __init__(self, process: str, path: Path) -> None:
        self._process, self._path = process, path
        self._position, self._at = 0, 0.0

    def read(self) -> Iterator[Line]:
        try:
            file: IO[bytes] = self._path.open("rb")
        except FileNotFoundError:
            return
        with file:
            if file.seek(0, 2) < self._position:
                self._position = 0
            file.seek(self._position)
            for raw in file:
                if not raw.endswith(b"\n"):
                    break  # still being written
                self._position += len(raw)
                text = raw.decode(errors="replace").rstrip()
                if text:
                    self._at = max(_time(text), self._at)
                    yield Line(self._at, self._process, text)


def _files(logs: Path, names: list[str]) -> dict[str, Path]:
    found = {path.name.removesuffix(".log"): path for path in sorted(logs.glob("*.log"))}
    if not found:
        raise SetupError("there are no logs yet: start something with `make up`")
    if not names:
        return found
    chosen: dict[str, Path] = {}
    for name in names:
        pattern = re.compile(rf"{re.escape(name)}(@\d+)?(\.sidecar)?$")
        matching = {process: path for process, path in found.items() if pattern.match(process)}
        if not matching:
            raise SetupError(f"there is no log of {name!r}; there are {', '.join(found)}")
        chosen |= matching
    return chosen


def _since(text: str | None) -> float:
    """`90s`, `5m`, `2h`, `1d` back from now, or a point in time in ISO form."""
    if text is None:
        return 0.0
    if match := re.fullmatch(r"(\d+)([smhd])", text):
        return time.time() - int(match[1]) * _UNITS[match[2]]
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        example = (datetime.now() - timedelta(minutes=5)).isoformat(timespec="seconds")
        raise SetupError(f"--since {text!r}: write 90s, 5m, 2h, 1d or a time such as {example}") from None


def _time(text: str) -> float:
    fields = parsed(text)
    value = _first(fields, _TIMES) if fields else None
    if isinstance(value, int | float):
        return float(value)
    with suppress(ValueError, TypeError):
        return datetime.fromisoformat(str(value)[:26].rstrip("Z") + _zone(str(value))).timestamp()
    return 0.0


def _zone(value: str) -> str:
    """The zone at a time's end: Go writes nanoseconds, which Python's parser does not take."""
    match = re.search(r"(Z|[+-]\d\d:?\d\d)$", value)
    return match[1] if match else ""


def _level(fields: dict[str, Any]) -> str:
    return str(_first(fields, _LEVELS) or "info").lower()


def _as_json(line: Line) -> str:
    return json.dumps({"process": line.process, **(parsed(line.text) or {"event": line.text})})


def _first(fields: dict[str, Any], names: Iterable[str]) -> Any:
    return next((fields[name] for name in names if name in fields), None)


def _short(value: Any) -> str:
    return value if isinstance(value, str) and " " not in value else json.dumps(value)
