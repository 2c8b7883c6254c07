"""What the cells of a field hold, in no language yet: the one place that knows Airtable's field types.

Shapes: https://airtable.com/developers/web/api/field-model
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from apps.schema_service.domain.fitting import COMPUTED
from contracts.airtable_connector import TableField

Kind = Literal[
    "ai", "any", "barcode", "boolean", "button", "choice", "date", "file", "integer", "link", "moment", "number",
    "person", "text",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cell:
    """`many`: a list of the kind. `gaps`: its items may be null. `failing`: a value, or an item, may be what Airtable
    puts where a formula has no result, `{"error": …}` or `{"specialValue": …}`. `links`: id of the linked table."""

    kind: Kind
    many: bool = False
    gaps: bool = False
    computed: bool = False
    failing: bool = False
    choices: tuple[str, ...] = ()
    links: str | None = None


_KINDS: Mapping[str, Cell] = {
    "aiText": Cell("ai"),
    "autoNumber": Cell("integer"),
    "barcode": Cell("barcode"),
    "button": Cell("button"),
    "checkbox": Cell("boolean"),
    "count": Cell("integer"),
    "createdBy": Cell("person"),
    "createdTime": Cell("moment"),
    "currency": Cell("number"),
    "date": Cell("date"),
    "dateTime": Cell("moment"),
    "duration": Cell("number"),
    "email": Cell("text"),
    "externalSyncSource": Cell("text"),
    "lastModifiedBy": Cell("person"),
    "lastModifiedTime": Cell("moment"),
    "multilineText": Cell("text"),
    "multipleAttachments": Cell("file", many=True),
    "multipleCollaborators": Cell("person", many=True),
    "multipleRecordLinks": Cell("link", many=True),
    "multipleSelects": Cell("choice", many=True),
    "number": Cell("number"),
    "percent": Cell("number"),
    "phoneNumber": Cell("text"),
    "rating": Cell("integer"),
    "richText": Cell("text"),
    "singleCollaborator": Cell("person"),
    "singleLineText": Cell("text"),
    "singleSelect": Cell("choice"),
    "url": Cell("text"),
}
_DERIVED = ("formula", "rollup", "multipleLookupValues")  # what they hold is said by their option `result`


def cell_of(field: TableField) -> Cell:
    """A type that is not known, or a formula that Airtable could not compute, may hold anything."""
    options = field.options or {}
    if field.type in _DERIVED:
        result = options.get("result")
        held = _of(result["type"], result.get("options") or {}) if result else Cell("any")
        lookup = field.type == "multipleLookupValues"
        return replace(held, computed=True, failing=True, many=held.many or lookup, gaps=lookup)
    return replace(_of(field.type, options), computed=field.type in COMPUTED)


def _of(type_: str, options: Mapping[str, Any]) -> Cell:
    held = _KINDS.get(type_, Cell("any"))
    if held.kind == "choice":
        choices = tuple(dict.fromkeys(choice["name"] for choice in options.get("choices", [])))
        return replace(held, choices=choices) if choices else replace(held, kind="text")
    return replace(held, links=options.get("linkedTableId")) if held.kind == "link" else held
