"""The parts of a payload about tables and fields themselves: `tableFields` and `tableMetadata`."""

from __future__ import annotations

from typing import Any

from sandbox.airtable.events import Event
from sandbox.airtable.schema import Field, Table
from sandbox.airtable.webhooks.specification import Filters


def created_tables(event: Event, filters: Filters) -> dict[str, Any]:
    """`createdTablesById`; a webhook with a scope hears of no other table."""
    if "tableMetadata" not in filters.data_types or "add" not in filters.changes or filters.scope is not None:
        return {}
    return {"createdTablesById": {table.id: _created_table(table) for table in event.created_tables}}


def schema_of_table(event: Event, table: Table, filters: Filters) -> dict[str, Any]:
    shape: dict[str, Any] = {}
    if "tableMetadata" in filters.data_types and "update" in filters.changes and table.id in event.changed_tables:
        current, previous = _metadata(table), event.changed_tables[table.id]
        shape["changedMetadata"] = {"current": current, "previous": previous}
    if "tableFields" not in filters.data_types:
        return shape
    created = event.created_fields.get(table.id, ())
    if created and "add" in filters.changes:
        shape["createdFieldsById"] = {field.id: _definition(field) for field in created}
    changed = {
        field_id: _changed(table.fields[field_id], before, filters)
        for field_id, before in event.changed_fields.get(table.id, {}).items()
        if not filters.watched_schemas or field_id in filters.watched_schemas
    }
    if changed and "update" in filters.changes:
        shape["changedFieldsById"] = changed
    return shape


def _created_table(table: Table) -> dict[str, Any]:
    fields = {field.id: _definition(field) for field in table.fields.values()}
    return {"metadata": _metadata(table), "fieldsById": fields, "recordsById": {}}


def _metadata(table: Table) -> dict[str, Any]:
    return {"name": table.name, "description": table.description}


def _definition(field: Field) -> dict[str, Any]:
    return {"name": field.name, "type": field.type.name}


def _changed(field: Field, before: dict[str, Any], filters: Filters) -> dict[str, Any]:
    shape = {"current": _definition(field)}
    return shape | {"previous": before} if filters.previous_fields else shape
