"""The `options` of a field that a client creates, checked as the field model of the metadata API says."""

from __future__ import annotations

from typing import Any

from sandbox.airtable import errors
from sandbox.airtable.change import Author
from sandbox.airtable.schema import Table

#: The options each type that clients may create must have, with what is allowed: bounds, names, or any text.
DATES = {"local": "l", "friendly": "LL", "us": "M/D/YYYY", "european": "D/M/YYYY", "iso": "YYYY-MM-DD"}
TIMES = {"12hour": "h:mma", "24hour": "HH:mm"}
_DURATIONS = ("h:mm", "h:mm:ss", "h:mm:ss.S", "h:mm:ss.SS", "h:mm:ss.SSS")
_REQUIRED: dict[str, dict[str, Any]] = {
    "number": {"precision": range(9)},
    "percent": {"precision": range(9)},
    "currency": {"precision": range(8), "symbol": str},
    "duration": {"durationFormat": _DURATIONS},
    "rating": {"max": range(1, 11), "icon": str, "color": str},
    "checkbox": {"icon": str, "color": str},
    "date": {"dateFormat": DATES},
    "dateTime": {"dateFormat": DATES, "timeFormat": TIMES, "timeZone": str},
}
_SELECTS = {"singleSelect", "multipleSelects"}
_PLAIN = {
    "singleLineText", "multilineText", "richText", "email", "url", "phoneNumber", "barcode", "singleCollaborator",
    "multipleCollaborators", "multipleAttachments",
}  # fmt: skip
CREATABLE = {*_REQUIRED, *_SELECTS, *_PLAIN, "multipleRecordLinks"}


def checked_options(kind: str, given: Any, table: Table, author: Author) -> dict[str, Any]:
    """What the field's options become. Raises Airtable's 422 for a type or options it would not take."""
    if kind not in CREATABLE:
        raise errors.type_not_creatable(kind)
    if not isinstance(given, dict | None):
        raise errors.invalid_options()
    options = given or {}
    if kind in _SELECTS:
        return {"choices": _choices(options, author)}
    if kind == "multipleRecordLinks":
        return _link(options, table)
    required = _REQUIRED.get(kind, {})
    if set(options) - set(required):
        raise errors.invalid_options()
    checked = {key: _checked(options.get(key), allowed) for key, allowed in required.items()}
    return {"isReversed": False} if kind == "multipleAttachments" else checked


def _checked(value: Any, allowed: Any) -> Any:
    match allowed:
        case dict():
            name = value.get("name") if isinstance(value, dict) else None
            if not isinstance(name, str) or name not in allowed:
                raise errors.invalid_options()
            return {"name": name, "format": allowed[name]}
        case range():
            fits = isinstance(value, int) and not isinstance(value, bool) and value in allowed
        case tuple():
            fits = value in allowed
        case _:
            fits = isinstance(value, str) and value != ""
    if not fits:
        raise errors.invalid_options()
    return value


def _choices(options: dict[str, Any], author: Author) -> list[dict[str, Any]]:
    given = options.get("choices")
    if set(options) - {"choices"} or not isinstance(given, list):
        raise errors.invalid_options()
    names = [choice.get("name") if isinstance(choice, dict) else None for choice in given]
    if not all(isinstance(name, str) and name for name in names) or len(set(names)) != len(names):
        raise errors.invalid_options()
    colors = [choice.get("color") or "blueLight2" for choice in given]
    if not all(isinstance(color, str) for color in colors):
        raise errors.invalid_options()
    pairs = zip(names, colors, strict=True)
    return [{"id": author.ids.new("sel"), "name": name, "color": color} for name, color in pairs]


def _link(options: dict[str, Any], table: Table) -> dict[str, Any]:
    linked_id = options.get("linkedTableId")
    known = {*table.base.tables, table.id}
    if set(options) - {"linkedTableId", "viewIdForRecordSelection"} or linked_id not in known:
        raise errors.invalid_options()
    return {"linkedTableId": linked_id, "isReversed": False, "prefersSingleRecordLink": False}
