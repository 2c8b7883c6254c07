"""Keeps links symmetric: when A links to B, the inverse field of B shows A, whichever side was written."""

from __future__ import annotations

from typing import Any

from sandbox.airtable.schema import Field, Record, Table

LINKS = "multipleRecordLinks"


def put(field: Field, record: Record, value: Any) -> None:
    """Set one cell and, for a link, the other side of what was added or removed."""
    if field.type.name == LINKS:
        _follow(field, record, record.cells.get(field.id) or [], value or [])
    if value is None:
        record.cells.pop(field.id, None)
    else:
        record.cells[field.id] = value


def forget(table: Table, record: Record) -> None:
    """Take a record that is about to be deleted out of every cell that links to it."""
    for field in table.fields.values():
        if field.type.name == LINKS and field.id in record.cells:
            put(field, record, None)
    for field, linking in linking_one_sidedly(table, record):
        _remove(field, linking, record.id)


def linking_one_sidedly(table: Table, record: Record) -> list[tuple[Field, Record]]:
    """The cells that link to the record and have no other side, each as its field and its record."""
    return [
        (field, linking)
        for other in table.base.tables.values()
        for field in other.fields.values()
        if field.type.name == LINKS and _one_sided(field) and field.options["linkedTableId"] == table.id
        for linking in other.records.values()
        if record.id in linking.cells.get(field.id, ())
    ]


def _one_sided(field: Field) -> bool:
    return field.options.get("inverseLinkFieldId") is None


def _follow(field: Field, record: Record, before: list[str], after: list[str]) -> None:
    inverse_id = field.options.get("inverseLinkFieldId")
    if inverse_id is None:
        return
    table = field.table.base.tables[field.options["linkedTableId"]]
    inverse = table.fields[inverse_id]
    for gone in set(before) - set(after):
        _remove(inverse, table.records[gone], record.id)
    for linked in after:
        if linked not in before:
            cell = table.records[linked].cells.get(inverse.id, [])
            if record.id not in cell:
                table.records[linked].cells[inverse.id] = [*cell, record.id]


def _remove(field: Field, record: Record, record_id: str) -> None:
    cell = record.cells.get(field.id)
    if not cell or record_id not in cell:
        return
    left = [linked for linked in cell if linked != record_id]
    if left:
        record.cells[field.id] = left
    else:
        del record.cells[field.id]
