"""Field options of a seed, which name tables and fields, to those of the metadata API, which hold ids."""

from __future__ import annotations

from typing import Any

from sandbox.airtable.field_options import DATES, TIMES
from sandbox.airtable.ids import derived_id
from sandbox.airtable.schema import Field
from sandbox.airtable.seed.reading import Part

_ISO = {"name": "iso", "format": "YYYY-MM-DD"}
MOMENT = {
    "dateFormat": _ISO,
    "timeFormat": {"name": "24hour", "format": "HH:mm"},
    "timeZone": "utc",
}
_BOUNDS = {"precision": (0, 8), "max": (1, 10)}
_FORMS = {"dateFormat": DATES, "timeFormat": TIMES}
_COLORS = ("blueLight2", "cyanLight2", "tealLight2", "greenLight2", "yellowLight2", "orangeLight2", "redLight2")
#: What Airtable fills in when nothing is chosen.
_DEFAULTS: dict[str, dict[str, Any]] = {
    "number": {"precision": 0},
    "percent": {"precision": 0},
    "currency": {"precision": 2, "symbol": "$"},
    "duration": {"durationFormat": "h:mm"},
    "rating": {"max": 5, "icon": "star", "color": "yellowBright"},
    "checkbox": {"icon": "check", "color": "greenBright"},
    "date": {"dateFormat": _ISO},
    "dateTime": MOMENT,
    "createdTime": {"result": {"type": "dateTime", "options": MOMENT}},
    "multipleAttachments": {"isReversed": False},
}


def set_options(field: Field, given: Part) -> None:
    """Everything but what needs other fields, which `connect` adds once all fields exist."""
    kind = field.type.name
    if kind in {"singleSelect", "multipleSelects"}:
        field.options = {"choices": _choices(field, given)}
    elif kind == "button":
        field.settings = {"label": given.text("label"), "url": given.optional_text("url")}
    elif kind == "aiText":
        field.options = {"prompt": [], "referencedFieldIds": []}
    elif kind == "externalSyncSource":
        field.options = {"choices": []}
    elif kind in _DEFAULTS:
        field.options = {key: _like(value, given, key) for key, value in _DEFAULTS[kind].items()}


def connect(field: Field, given: Part) -> None:
    """Links first, then what counts them; `loading` calls in this order."""
    match field.type.name:
        case "multipleRecordLinks":
            field.options = _link(field, given)
        case "count":
            field.options = {"isValid": True, "recordLinkFieldId": own_link(field, given).id}
        case "lastModifiedTime":
            result = {"type": "dateTime", "options": MOMENT}
            watched = [_watched(field, given, name) for name in given.items("fields")]
            field.options = {"isValid": True, "referencedFieldIds": watched, "result": result}


def _like(default: Any, given: Part, key: str) -> Any:
    """The value given for an option, of the same type as its default."""
    value = given.optional(key, default)
    if type(value) is not type(default):
        raise given.fail(key, f"must be like {default!r}")
    if key in _FORMS:
        if value.get("name") not in _FORMS[key]:
            raise given.fail(key, f"must be {{name: …}} with one of {', '.join(_FORMS[key])}")
        return {"name": value["name"], "format": _FORMS[key][value["name"]]}
    if key in _BOUNDS and not _BOUNDS[key][0] <= value <= _BOUNDS[key][1]:
        raise given.fail(key, "must be from {} to {}".format(*_BOUNDS[key]))
    return value


def _choices(field: Field, given: Part) -> list[dict[str, str]]:
    choices = []
    for at, name in enumerate(given.items("choices")):
        if not isinstance(name, str) or not name:
            raise given.fail(f"choices[{at}]", "must be a text")
        choice_id = derived_id("sel", f"{field.id}/{name}")
        choices.append({"id": choice_id, "name": name, "color": _COLORS[at % len(_COLORS)]})
    return choices


def _link(field: Field, given: Part) -> dict[str, Any]:
    linked = field.table.base.table(given.text("table"))
    if linked is None:
        raise given.fail("table", "no such table in this base")
    options = {
        "linkedTableId": linked.id,
        "isReversed": False,
        "prefersSingleRecordLink": bool(given.optional("single", False)),
    }
    if (name := given.optional_text("inverse")) is not None:
        inverse = linked.field(name)
        if inverse is None or inverse.type.name != field.type.name:
            raise given.fail("inverse", f"no link field of that name in {linked.name}")
        options["inverseLinkFieldId"] = inverse.id
    return options


def _watched(field: Field, given: Part, name: Any) -> str:
    watched = field.table.field(name) if isinstance(name, str) else None
    if watched is None or watched.type.computed:
        raise given.fail("fields", "must name fields of this table that are not computed")
    return watched.id


def own_link(field: Field, given: Part) -> Field:
    link = field.table.field(given.text("link"))
    if link is None or link.type.name != "multipleRecordLinks":
        raise given.fail("link", "must name a link field of this table")
    return link
