"""Query parameters in every spelling clients use: `k`, `k[]`, `k[0]`, `k[0][part]`."""

import re
from typing import Any

from sandbox.airtable import errors

_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_TRUE, _FALSE = {"1", "true"}, {"0", "false", ""}


def first(query: list[tuple[str, str]], key: str) -> str | None:
    """The last value given for the key; an empty one counts as absent, as clients send `offset=`."""
    values = [value for name, value in query if name == key]
    return values[-1] or None if values else None


def listed(query: list[tuple[str, str]], key: str) -> list[str]:
    """All values of `k`, `k[]` and `k[0]`, in the order of the URL, indexed ones by index."""
    found: list[tuple[float, str]] = []
    for name, value in query:
        match = _KEY.fullmatch(name)
        if match and match[1] == key and match[2].count("[") <= 1:
            index = match[2].strip("[]")
            found.append((int(index) if _is_index(index) else float("inf"), value))
    return [value for _, value in sorted(found, key=lambda pair: pair[0])]


def grouped(query: list[tuple[str, str]], key: str) -> list[dict[str, str]]:
    """`sort[0][field]=A&sort[0][direction]=desc` as a list of objects; the parts come in any order."""
    groups: dict[int, dict[str, str]] = {}
    for name, value in query:
        match = _KEY.fullmatch(name)
        if not match or match[1] != key:
            continue
        parts = re.findall(r"\[([^\[\]]*)\]", match[2])
        if len(parts) != 2 or not _is_index(parts[0]):
            raise errors.invalid_request()
        groups.setdefault(int(parts[0]), {})[parts[1]] = value
    return [groups[index] for index in sorted(groups)]


def boolean(value: Any) -> bool:
    """True, `1`, `true` and their opposites; anything else is refused."""
    if value is None or isinstance(value, bool):
        return bool(value)
    text = str(value).lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise errors.invalid_request()


def whole(value: Any, lowest: int, highest: int | None = None) -> int:
    """A whole number within bounds, from JSON or from a URL."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise errors.invalid_request()
    if isinstance(value, str) and not (value.isascii() and value.isdecimal() and len(value) < 16):
        raise errors.invalid_request()
    number = int(value)
    if number < lowest or (highest is not None and number > highest):
        raise errors.invalid_request()
    return number


def _is_index(text: str) -> bool:
    return text.isdecimal() and len(text) < 10
