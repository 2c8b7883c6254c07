"""An event as one webhook's payload, in the version 2 format of cell values. Computed cells are not told."""

from __future__ import annotations

from typing import Any

from sandbox.airtable.clock import iso
from sandbox.airtable.events import LINKS, Event
from sandbox.airtable.fields.choices import choice_name
from sandbox.airtable.fields.links import linked_table
from sandbox.airtable.formula import compile_formula, parse
from sandbox.airtable.schema import Field, Record, Table
from sandbox.airtable.webhooks.schema_payloads import created_tables, schema_of_table
from sandbox.airtable.webhooks.specification import Filters


def payload(event: Event, filters: Filters) -> dict[str, Any] | None:
    """None when nothing of it passes the filters."""
    if event.source not in filters.sources:
        return None
    made = {table.id for table in event.created_tables}
    tables = {table.id: _table(event, table, filters) for table in event.base.tables.values() if table.id not in made}
    changed = {"changedTablesById": {table_id: shape for table_id, shape in tables.items() if shape}}
    parts = {key: content for key, content in (changed | created_tables(event, filters)).items() if content}
    if not parts:
        return None
    user = event.base.users[event.user_id]
    about = {"id": user["id"], "email": user["email"], "name": user["name"], "permissionLevel": "create"}
    return {
        "timestamp": iso(event.at),
        "baseTransactionNumber": event.base.version,
        "payloadFormat": "v0",
        "actionMetadata": {"source": event.source, "sourceMetadata": {"user": about}},
        **parts,
    }


def _table(event: Event, table: Table, filters: Filters) -> dict[str, Any]:
    if filters.scope is not None and filters.scope != table.id and table.view(filters.scope) is None:
        return {}
    shape = schema_of_table(event, table, filters)
    if "tableData" not in filters.data_types:
        return shape
    created = [record for record in event.created.get(table.id, {}).values() if _in_view(record, table, filters)]
    if created and "add" in filters.changes:
        shape["createdRecordsById"] = {
            record.id: {"createdTime": record.created_time, "cellValuesByFieldId": _cells(record.cells, table)}
            for record in created
        }
    if "update" in filters.changes and (changed := _changed_records(event, table, filters)):
        shape["changedRecordsById"] = changed
    if table.id in event.destroyed and "remove" in filters.changes:
        shape["destroyedRecordIds"] = event.destroyed[table.id]
    return shape


def _changed_records(event: Event, table: Table, filters: Filters) -> dict[str, Any]:
    shapes = {}
    for record_id, before in event.before.get(table.id, {}).items():
        record = table.records.get(record_id)
        if record is None or not _in_view(record, table, filters):
            continue
        ids = [key for key in table.fields if before.get(key) != record.cells.get(key)]
        if filters.watched:
            ids = [key for key in ids if key in filters.watched]
        if ids:
            shapes[record_id] = _changed(record, before, ids, table, filters)
    return shapes


def _changed(record: Record, before: dict[str, Any], ids: list[str], table: Table, filters: Filters) -> dict[str, Any]:
    shape = {"current": {"cellValuesByFieldId": _values(record.cells, ids, table)}}
    if filters.previous:
        shape["previous"] = {"cellValuesByFieldId": _values(before, ids, table)}
    if filters.included:
        others = [key for key in record.cells if key in filters.included and key not in ids]
        shape["unchanged"] = {"cellValuesByFieldId": _values(record.cells, others, table)}
    return shape


def _in_view(record: Record, table: Table, filters: Filters) -> bool:
    """Whether the record is in the view that is watched; of the record as it is now (unverified)."""
    view = table.view(filters.scope) if filters.scope else None
    if view is None or not view.filter:
        return True
    return compile_formula(parse(view.filter), table).includes(record)


def _cells(cells: dict[str, Any], table: Table) -> dict[str, Any]:
    return _values(cells, [key for key in table.fields if key in cells], table)


def _values(cells: dict[str, Any], ids: list[str], table: Table) -> dict[str, Any]:
    """A cell that is empty is null."""
    return {key: None if cells.get(key) is None else _value(cells[key], table.fields[key]) for key in ids}


def _value(value: Any, field: Field) -> Any:
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
