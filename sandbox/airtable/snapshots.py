"""Copies of all records to return to: what a long test does once, others start from."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from sandbox.airtable.ids import Ids
from sandbox.airtable.schema import Base, Comment, Field, Record, Table, View

MOST = 20


@dataclass
class _TableCopy:
    """`fields` are pairs of a field with its name and description then."""

    table: Table
    name: str
    description: str | None
    fields: list[tuple[Field, str, str | None]]
    views: list[tuple[View, str | None]]
    records: list[Record]
    last_auto_number: int
    choices: dict[str, list[dict[str, str]]]


@dataclass
class _Snapshot:
    bases: dict[str, Base]
    tables: dict[str, list[_TableCopy]]
    ids: Any


class Snapshots:
    """By name; above `MOST` the oldest goes."""

    def __init__(self) -> None:
        self._taken: dict[str, _Snapshot] = {}

    def names(self) -> list[str]:
        return list(self._taken)

    def take(self, name: str, bases: dict[str, Base], ids: Ids) -> None:
        """Replaces one of the same name."""
        tables = {base.id: [_copy_of(table) for table in base.tables.values()] for base in bases.values()}
        self._taken.pop(name, None)
        self._taken[name] = _Snapshot(dict(bases), tables, ids.state())
        if len(self._taken) > MOST:
            del self._taken[next(iter(self._taken))]

    def restore(self, name: str, ids: Ids) -> dict[str, Base]:
        """The bases as they were; ids go on as they did then. Raises KeyError for an unknown name."""
        snapshot = self._taken[name]
        ids.restore(snapshot.ids)
        for base in snapshot.bases.values():
            base.tables = {saved.table.id: saved.table for saved in snapshot.tables[base.id]}
            for saved in snapshot.tables[base.id]:
                _put_back(saved)
            # Never a version of before: what is cached about the base carries it.
            base.version += 1
        return dict(snapshot.bases)

    def clear(self) -> None:
        self._taken.clear()


def _copy_of(table: Table) -> _TableCopy:
    choices = {field.id: field.options["choices"] for field in table.fields.values() if "choices" in field.options}
    fields = [(field, field.name, field.description) for field in table.fields.values()]
    views = [(view, view.filter) for view in table.views]
    records = list(map(_record, table.records.values()))
    schema = (table, table.name, table.description, fields, views)
    return _TableCopy(*schema, records, table.last_auto_number, copy.deepcopy(choices))


def _put_back(saved: _TableCopy) -> None:
    table = saved.table
    table.name, table.description = saved.name, saved.description
    for view, view_filter in saved.views:
        view.filter = view_filter
    table.views = [view for view, _ in saved.views]
    for field, name, description in saved.fields:
        field.name, field.description = name, description
    table.keep_fields([field for field, _, _ in saved.fields])
    table.records = {record.id: _record(record) for record in saved.records}
    table.last_auto_number = saved.last_auto_number
    for field_id, choices in saved.choices.items():
        table.fields[field_id].options["choices"] = copy.deepcopy(choices)


def _record(record: Record) -> Record:
    """A copy without anything that was computed from its cells."""
    return Record(
        record.id,
        record.created_time,
        record.created_by,
        record.auto_number,
        copy.deepcopy(record.cells),
        record.modified_time,
        record.modified_by,
        [_comment(comment) for comment in record.comments],
    )


def _comment(comment: Comment) -> Comment:
    return copy.copy(comment)
