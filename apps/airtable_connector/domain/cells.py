"""Cells compared: an empty cell is an absent one, and some types come back other than they were written."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

Cells = Mapping[str, Any]

NO_LONGER_WRITABLE = {
    "aiText", "autoNumber", "button", "count", "createdBy", "createdTime", "externalSyncSource", "formula",
    "lastModifiedBy", "lastModifiedTime", "lookup", "multipleLookupValues", "rollup",
}  # fmt: skip


def empty(value: Any) -> bool:
    """As Airtable leaves it out of an answer; 0 is none of these."""
    return value is None or value is False or value in ("", "\n") or value == [] or value == {}


def same(one: Any, other: Any) -> bool:
    """Whether two values of one cell are equal, in whichever order links, selects and attachments come."""
    if empty(one) or empty(other):
        return empty(one) and empty(other)
    return bool(_canonical(one) == _canonical(other))


def differing(one: Cells, other: Cells, among: Iterable[str] | None = None) -> list[str]:
    """The cells in which two records differ, in the order they are told."""
    names = dict.fromkeys([*one, *other]) if among is None else among
    return [name for name in names if not same(one.get(name), other.get(name))]


def taken(sent: Any, stored: Any) -> bool | None:
    """Whether `stored` is what became of `sent`; None when that cannot be told (attachments get other addresses)."""
    if isinstance(sent, list) and sent and all(isinstance(one, dict) for one in sent):
        return None
    if isinstance(sent, dict) and isinstance(stored, dict):  # {"email": …} comes back with id and name
        return all(stored.get(name) == value for name, value in sent.items())
    return same(sent, stored) or (isinstance(sent, str) and isinstance(stored, str) and _loosely(sent, stored))


def _loosely(sent: str, stored: str) -> bool:
    """Rich text gains a line end; times come back in UTC with milliseconds."""
    if sent.rstrip("\n") == stored.rstrip("\n"):
        return True
    try:
        return datetime.fromisoformat(sent) == datetime.fromisoformat(stored)
    except (ValueError, TypeError):
        return False


def _canonical(value: Any) -> Any:
    """Attachments by their id, since addresses are signed anew each time; lists without their order."""
    if isinstance(value, dict):
        return str(value["id"]) if isinstance(value.get("id"), str) else {k: _canonical(v) for k, v in value.items()}
    if isinstance(value, list):
        return sorted((_canonical(one) for one in value), key=repr)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return value
