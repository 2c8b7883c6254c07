"""Fields as they are typed on a command line or read from a file."""

import json
import sys
from pathlib import Path
from typing import Any


class BadValue(Exception):
    """What was typed is not a field; the message says what one looks like."""


def fields(pairs: list[str]) -> dict[str, Any]:
    """`Name=Ada` is text, `Age:=36` is JSON. Raises BadValue."""
    found: dict[str, Any] = {}
    for pair in pairs:
        name, is_pair, value = pair.partition("=")
        if not is_pair or not name.rstrip(":"):
            raise BadValue(f"{pair!r} is no field: write Name=text, or Name:=JSON for numbers, lists, true and null")
        if name.endswith(":"):
            found[name[:-1]] = _json(value, pair)
        else:
            found[name] = value
    return found


def records(pairs: list[str], source: Path | None) -> list[dict[str, Any]]:
    """The records to write, each `{"fields": …}`: one from pairs, or a file's list ("-" is standard input)."""
    if source is None:
        if not pairs:
            raise BadValue("no fields: write Name=text, or --from FILE")
        return [{"fields": fields(pairs)}]
    if pairs:
        raise BadValue("fields come from the command line or from --from, not from both")
    try:
        text = sys.stdin.read() if str(source) == "-" else source.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadValue(f"{source} cannot be read: {error}") from error
    given = _json(text, str(source))
    listed = given if isinstance(given, list) else [given]
    if not listed or not all(isinstance(item, dict) for item in listed):
        raise BadValue(f"{source} is neither an object nor a list of objects")
    return [item if isinstance(item.get("fields"), dict) else {"fields": item} for item in listed]


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadValue(f"{where}: not JSON: {error}") from error
