"""Field options of a seed, which name tables and fields, to those of the metadata API, which hold ids."""

from __future__ import annotations

from typing import Any

from sandbox.airtable.fields.links import linked_table
from sandbox.airtable.fields.rollups import AGGREGATIONS
from sandbox.airtable.formula import FormulaError, compile_formula, parse, print_formula
from sandbox.airtable.ids import derived_id
from sandbox.airtable.schema import Field
from sandbox.airtable.seed.reading import Part

_ISO = {"name": "iso", "format": "YYYY-MM-DD"}
_MOMENT = {
    "dateFormat": _ISO,
    "timeFormat": {"name": "24hour", "format": "HH:mm"},
    "timeZone": "utc",
}
_BOUNDS = {"precision": (0, 8), "max": (1, 10)}
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
    "dateTime": _MOMENT,
    "createdTime": {"result": {"type": "dateTime", "options": _MOMENT}},
    "multipleAttachments": {"isReversed": False},
}


def set_options(field: Field, given: Part) -> None:
    """Everything but what needs other fields, which `connect` adds once all fields exist."""
    kind = field.type.name
    if kind in {"singleSelect", "multipleSelects"}:
        field.options = {"choices": _choices(field, given)}
    elif kind == "button":
        field.settings = {"label": given.text("label"), "url": given.optional_text("url")}
    elif kind in _DEFAULTS:
        field.options = {key: _like(value, given, key) for key, value in _DEFAULTS[kind].items()}


def connect(field: Field, given: Part) -> None:
    """Links first, then what is computed along them, then formulas; `loading` calls in this order."""
    match field.type.name:
        case "multipleRecordLinks":
            field.options = _link(field, given)
        case "count":
            field.options = {"isValid": True, "recordLinkFieldId": _own_link(field, given).id}
        case "multipleLookupValues" | "rollup":
            _along(field, given)
        case "lastModifiedTime":
            result = {"type": "dateTime", "options": _MOMENT}
            field.options = {"isValid": True, "referencedFieldIds": [], "result": result}
        case "formula":
            _formula(field, given)


def _like(default: Any, given: Part, key: str) -> Any:
    """The value given for an option, of the same type as its default."""
    value = given.optional(key, default)
    if type(value) is not type(default):
        raise given.fail(key, f"must be like {default!r}")
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


def _own_link(field: Field, given: Part) -> Field:
    link = field.table.field(given.text("link"))
    if link is None or link.type.name != "multipleRecordLinks":
        raise given.fail("link", "must name a link field of this table")
    return link


def _along(field: Field, given: Part) -> None:
    link = _own_link(field, given)
    target = linked_table(link).field(given.text("field"))
    # One computed step along a link is enough here and cannot run in circles.
    if target is None or target.type.name in {"multipleLookupValues", "rollup", "formula"}:
        raise given.fail("field", "must name a field of the linked table that is not computed along links")
    field.options = {
        "isValid": True,
        "recordLinkFieldId": link.id,
        "fieldIdInLinkedTable": target.id,
        "result": {"type": target.type.name, **({"options": target.options} if target.options else {})},
    }
    if field.type.name == "rollup":
        field.settings = {"aggregation": given.text("aggregation")}
        if field.settings["aggregation"] not in AGGREGATIONS:
            raise given.fail("aggregation", f"must be one of {', '.join(AGGREGATIONS)}")
        field.options["referencedFieldIds"] = [link.id]
        field.options["result"] = {"type": "number", "options": {"precision": 2}}


def _formula(field: Field, given: Part) -> None:
    text = given.text("formula")
    others = {name.name.casefold(): name.id for name in field.table.fields.values() if name.type is not field.type}
    used: list[str] = []

    def to_id(name: str) -> str:
        used.append(others[name.casefold()])
        return used[-1]

    try:
        tree = parse(text)
        field.settings = {"compiled": compile_formula(tree, field.table)}
        shown = print_formula(tree, to_id)
    except FormulaError as error:
        raise given.fail("formula", str(error)) from None
    except KeyError:
        raise given.fail("formula", "a formula may not refer to formula fields here") from None
    if field.settings["compiled"].kind != "number":
        raise given.fail("formula", "must be a condition")
    field.options = {
        "isValid": True,
        "formula": shown,
        "referencedFieldIds": list(dict.fromkeys(used)),
        "result": {"type": "number", "options": {"precision": 0}},
    }
