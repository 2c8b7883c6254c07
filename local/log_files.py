"""The files below logs/: one a process, as it writes them; bounded, one previous run kept."""

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

LARGEST = 16 << 20  # bytes of one log file
_TAIL = 8192  # bytes searched for last words
_LONGEST_LINE = 300  # characters
_CONFIG_INVALID = "config.invalid: "


def rotate(logs: Path) -> None:
    """Put the last run's logs aside as `<name>.log.1`, over those of the run before it."""
    for log in logs.glob("*.log"):
        log.replace(log.with_name(log.name + ".1"))


def bound(logs: Path, largest: int = LARGEST) -> None:
    """Put aside and empty each log that has grown too large. Its writer appends, and so goes on at the start."""
    for log in logs.glob("*.log"):
        if log.stat().st_size > largest:
            shutil.copyfile(log, log.with_name(log.name + ".1"))
            with log.open("r+b") as file:
                file.truncate(0)


def last_words(log: Path, since: int = 0, secrets: Iterable[str] = ()) -> str | None:
    """The line that tells best why a process ended, from what it wrote after `since` bytes; None if nothing.

    A refused configuration is named wherever it stands, then the last error, then the last line. Secrets are
    masked, and a JSON line is reduced to its message.
    """
    try:
        with log.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(since if since <= size else 0, size - _TAIL))
            lines = [line.strip() for line in file.read().decode(errors="replace").splitlines() if line.strip()]
    except OSError:
        return None
    if not lines:
        return None
    refusals = [line for line in lines if line.startswith(_CONFIG_INVALID)]
    errors = [line for line in lines if _level(line) in ("error", "fatal", "critical")]
    return masked(message((refusals or errors or lines)[-1]), secrets)[:_LONGEST_LINE]


def message(line: str) -> str:
    """A log line's message: of a JSON line its event and error, of any other line itself."""
    fields = parsed(line)
    if fields is None:
        return line
    said = fields.get("event") or fields.get("msg") or fields.get("message") or line
    reason = fields.get("error") or fields.get("exception") or ""
    return f"{said}: {reason}" if reason else str(said)


def parsed(line: str) -> dict[str, Any] | None:
    """The fields of a JSON line; None if it is none."""
    if not line.startswith("{"):
        return None
    try:
        fields = json.loads(line)
    except ValueError:
        return None
    return fields if isinstance(fields, dict) else None


def masked(text: str, secrets: Iterable[str]) -> str:
    """The text without any of the secrets that are long enough to be told from ordinary words."""
    for secret in secrets:
        if len(secret) >= 8:
            text = text.replace(secret, "***")
    return text


def _level(line: str) -> str:
    fields = parsed(line)
    return str(fields.get("level", "")).lower() if fields else ""
