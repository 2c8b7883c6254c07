"""Which computed cells a write may change: of the records written, and of whatever is linked to them, however far.

A payload tells of those whose value after the write is another one than before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.airtable.events import LINKS, Event
from sandbox.airtable.fields.links import linked_table
from sandbox.airtable.schema import Base, Field, Record, Table
from sandbox.airtable.webhooks.cells import shown

_FOLLOWING = {"count", "multipleLookupValues", "rollup", "formula"}
Cells = dict[str, dict[str, dict[str, Any]]]


def following_cells(event: Event) -> Cells:
    """By table, record and field, as a payload shows them now. To be called before the write."""
    fields = {table.id: _following(table) for table in event.base.tables.values()}
    reached = _reached(event, fields)
    return {
        table_id: {
            record_id: {field.id: shown(record, field) for field in fields[table_id]}
            for record_id, record in records.items()
        }
        for table_id, records in reached.items()
        if fields[table_id]
    }


def _following(table: Table) -> list[Field]:
    return [field for field in table.fields.values() if field.type.name in _FOLLOWING]


def _reached(event: Event, fields: dict[str, list[Field]]) -> dict[str, dict[str, Record]]:
    tables = event.base.tables
    reached: dict[str, dict[str, Record]] = {}
    waiting = [
        (tables[table_id], tables[table_id].records[record_id])
        for table_id, records in event.before.items()
        for record_id in records
        if record_id in tables[table_id].records
    ]
    links = [link for link in _links(event.base) if fields[link.table.id]]
    while waiting:
        table, record = waiting.pop()
        if record.id in reached.setdefault(table.id, {}):
            continue
        reached[table.id][record.id] = record
        for link in links:
            if linked_table(link) is table:
                waiting += [(link.table, linking) for linking in _linking(link, record)]
    return reached


def _links(base: Base) -> list[Field]:
    return [field for table in base.tables.values() for field in table.fields.values() if field.type.name == LINKS]


def _linking(link: Field, record: Record) -> Iterator[Record]:
    """The records whose cell of that field links to this one."""
    records, inverse_id = link.table.records, link.options.get("inverseLinkFieldId")
    if inverse_id is not None:
        yield from (records[record_id] for record_id in record.cells.get(inverse_id, ()) if record_id in records)
    else:
        yield from (other for other in records.values() if record.id in other.cells.get(link.id, ()))
