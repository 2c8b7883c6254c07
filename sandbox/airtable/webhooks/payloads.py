"""An event as one webhook's payload."""

from __future__ import annotations

from typing import Any

from sandbox.airtable.clock import iso
from sandbox.airtable.events import Event
from sandbox.airtable.formula import compile_formula, parse
from sandbox.airtable.schema import Record, Table
from sandbox.airtable.webhooks.cells import cell, shown
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
    about = {key: user[key] for key in ("id", "email", "name")} | {"permissionLevel": event.base.permission_level}
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
            record.id: {"createdTime": record.created_time, "cellValuesByFieldId": _written(record, table)}
            for record in created
        }
    if "update" in filters.changes and (changed := _changed_records(event, table, filters)):
        shape["changedRecordsById"] = changed
    if table.id in event.destroyed and "remove" in filters.changes:
        shape["destroyedRecordIds"] = event.destroyed[table.id]
    return shape


def _changed_records(event: Event, table: Table, filters: Filters) -> dict[str, Any]:
    stored, computed = event.before.get(table.id, {}), event.computed.get(table.id, {})
    shapes = {}
    for record_id in {**stored, **computed}:
        record = table.records.get(record_id)
        if record is None or not _in_view(record, table, filters):
            continue
        before = _changed_cells(record, table, stored.get(record_id), computed.get(record_id, {}))
        if filters.watched:
            before = {key: value for key, value in before.items() if key in filters.watched}
        if before:
            shapes[record_id] = _changed(record, before, table, filters)
    return shapes


def _changed_cells(
    record: Record, table: Table, stored: dict[str, Any] | None, computed: dict[str, Any]
) -> dict[str, Any]:
    """What the cells that changed showed before."""
    fields = table.fields.values()
    changed = [field for field in fields if stored is not None and stored.get(field.id) != record.cells.get(field.id)]
    before = {field.id: cell((stored or {}).get(field.id), field) for field in changed}
    follows = {key: value for key, value in computed.items() if value != shown(record, table.fields[key])}
    return before | follows


def _changed(record: Record, before: dict[str, Any], table: Table, filters: Filters) -> dict[str, Any]:
    current = {key: shown(record, table.fields[key]) for key in before}
    shape = {"current": {"cellValuesByFieldId": current}}
    if filters.previous:
        shape["previous"] = {"cellValuesByFieldId": before}
    if filters.includes:
        others = [field for field in table.fields.values() if field.id not in before and filters.wants(field, record)]
        shape["unchanged"] = {"cellValuesByFieldId": {field.id: shown(record, field) for field in others}}
    return shape


def _in_view(record: Record, table: Table, filters: Filters) -> bool:
    """Whether the record is in the view that is watched; of the record as it is now (unverified)."""
    view = table.view(filters.scope) if filters.scope else None
    if view is None or not view.filter:
        return True
    return compile_formula(parse(view.filter), table).includes(record)


def _written(record: Record, table: Table) -> dict[str, Any]:
    """Of a new record what was written, and nothing that follows from it."""
    return {field.id: shown(record, field) for field in table.fields.values() if field.id in record.cells}
