"""What the slim view leaves unsaid because it follows: the inverse of a link, and what a lookup gives."""

from collections.abc import Sequence
from typing import Any

from contracts.schema_service import OutlinedField, OutlinedTable

FORMULA = {"type": "number", "options": {"precision": 0}}
ROLLUP = {"type": "number", "options": {"precision": 2}}


def inverse(tables: Sequence[OutlinedTable], here: str, there: str) -> str | None:
    """The link back, when each of two tables has exactly one link to the other."""
    to, back = _links(tables, here, there), _links(tables, there, here)
    return back[0] if here != there and len(to) == len(back) == 1 else None


def looked_up(
    tables: Sequence[OutlinedTable], here: str, options: dict[str, Any], depth: int = 8
) -> dict[str, Any] | None:
    """The `result` of a lookup: what its field is, or itself gives."""
    link = field_of(tables, here, options.get("link"))
    found = field_of(tables, link.options.get("table"), options.get("field")) if link else None
    if link is None or found is None or not depth:
        return None
    if found.type == "multipleLookupValues":
        end = looked_up(tables, link.options["table"], found.options, depth - 1)
        given = found.options.get("result") or end
        return given if end and isinstance(given, dict) else None  # without an end, in a circle, it has to be said
    if found.type in ("formula", "rollup"):
        result = found.options.get("result")
        return result if isinstance(result, dict) else None
    return {"type": found.type, **({"options": found.options} if found.options else {})}


def field_of(tables: Sequence[OutlinedTable], table: Any, field: Any) -> OutlinedField | None:
    fields = (one for each in tables if each.name == table for one in each.fields)
    return next((one for one in fields if one.name == field), None)


def _links(tables: Sequence[OutlinedTable], here: str, there: str) -> list[str]:
    fields = (field for table in tables if table.name == here for field in table.fields)
    return [field.name for field in fields if field.options.get("table") == there and _is_link(field)]


def _is_link(field: OutlinedField) -> bool:
    return field.type == "multipleRecordLinks"
