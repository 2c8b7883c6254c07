"""Cell values in the version 2 format, which webhooks use: choices, links and lookups with more than their names."""

from __future__ import annotations

from typing import Any

from sandbox.airtable.events import LINKS
from sandbox.airtable.fields.choices import choice_name
from sandbox.airtable.fields.derived import target_field
from sandbox.airtable.fields.links import linked_records, linked_table
from sandbox.airtable.schema import Field, Record


def shown(record: Record, field: Field) -> Any:
    """Null for an empty cell."""
    if field.type.name == "multipleLookupValues":
        return _lookup(record, field)
    return cell(field.value(record), field)


def cell(value: Any, field: Field) -> Any:
    """Of a value that was stored; null for None."""
    if value is None:
        return None
    match field.type.name:
        case "singleSelect":
            return _choice(value, field)
        case "multipleSelects":
            return [_choice(item, field) for item in value]
        case name if name == LINKS:
            linked = linked_table(field)
            return [{"id": record_id, "name": linked.primary_text(record_id)} for record_id in value]
    return field.type.json(value, field)


def _choice(value: str, field: Field) -> dict[str, Any]:
    color = next(choice.get("color") for choice in field.options["choices"] if choice["id"] == value)
    return {"id": value, "name": choice_name(value, field), "color": color}


def _lookup(record: Record, field: Field) -> dict[str, Any] | None:
    link, target = field.table.fields[field.options["recordLinkFieldId"]], target_field(field)
    linked = linked_records(record.cells.get(link.id) or [], link)
    if not linked:
        return None
    values = {each.id: _listed(shown(each, target)) for each in linked}
    return {"linkedRecordIds": list(values), "valuesByLinkedRecordId": values}


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
