"""The writes of one request: first everything is checked and planned, then applied without a way to fail.

So a request is all or nothing, and readers see it whole, because nothing awaits in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.airtable import errors, links
from sandbox.airtable.clock import Clock
from sandbox.airtable.events import Event
from sandbox.airtable.fields.base import is_empty
from sandbox.airtable.ids import Ids
from sandbox.airtable.schema import Base, Field, Record, Table


@dataclass
class Author:
    """Who writes, when, where new ids come from, and how, in the words of webhooks."""

    user_id: str
    clock: Clock
    ids: Ids
    source: str = "publicApi"

    def event(self, base: Base) -> Event:
        return Event(base, self.source, self.user_id, self.clock.seconds())

    def sign(self, event: Event) -> None:
        """Note in what was written who did it and when, also on the other side of links."""
        now = self.clock.milliseconds_text()
        for record, before in event.written():
            record.modified_time, record.modified_by = now, self.user_id
            changed = {key for key in before | record.cells if before.get(key) != record.cells.get(key)}
            record.changed_at |= dict.fromkeys(changed, now)


@dataclass
class _Write:
    """`cells` maps field ids to stored values; None empties the cell."""

    table: Table
    record: Record
    cells: dict[str, Any]
    new: bool


class Change:
    def __init__(self, base: Base, author: Author, *, typecast: bool = False) -> None:
        self.typecast = typecast
        self._base = base
        self._author = author
        self._writes: list[_Write] = []
        self._choices: dict[str, tuple[Field, list[dict[str, str]]]] = {}
        self._linked: dict[tuple[str, str], str] = {}
        self._current: Record | None = None

    def create(self, table: Table, fields: Mapping[str, Any]) -> Record:
        record = Record(
            id=self._author.ids.new("rec"),
            created_time=self._author.clock.seconds_text(),
            created_by=self._author.user_id,
            auto_number=0,
        )
        self._writes.append(_Write(table, record, self._checked(table, record, fields), new=True))
        return record

    def update(self, table: Table, record: Record, fields: Mapping[str, Any], *, replace: bool = False) -> Record:
        """`replace` also empties every cell a client can write and did not name."""
        cells = self._checked(table, record, fields)
        if replace:
            unnamed = [field for field in table.fields.values() if field.id not in cells]
            cells |= {field.id: _cleared(field, record) for field in unnamed if not field.type.computed}
        self._writes.append(_Write(table, record, cells, new=False))
        return record

    def put(self, field: Field, record: Record, value: Any) -> None:
        """One cell, already in its stored form."""
        self._writes.append(_Write(field.table, record, {field.id: value}, new=False))

    def apply(self) -> None:
        event = self._announced()
        self._base.foretell(event)
        for field, choices in self._choices.values():
            field.options["choices"].extend(choices)
        for write in self._writes:
            record, table = write.record, write.table
            if write.new:
                table.last_auto_number += 1
                record.auto_number = table.last_auto_number
                table.records[record.id] = record
        for write in self._writes:
            for field_id, value in write.cells.items():
                links.put(write.table.fields[field_id], write.record, value)
        self._author.sign(event)
        self._base.version += 1
        self._base.tell(event)

    def _announced(self) -> Event:
        event = self._author.event(self._base)
        for field, _ in self._choices.values():
            definition = {"name": field.name, "type": field.type.name}
            event.changed_fields.setdefault(field.table.id, {})[field.id] = definition
        for write in self._writes:
            if write.new:
                event.creates(write.table, write.record)
        for write in self._writes:
            event.changes(write.table, write.record)
            for field_id, value in write.cells.items():
                event.changes_links(write.table.fields[field_id], write.record, value)
        return event

    # What field types ask while a value is checked.

    def previous(self, field: Field) -> Any:
        """What the record being written has in that cell so far."""
        return self._current.cells.get(field.id) if self._current else None

    def new_id(self, prefix: str) -> str:
        return self._author.ids.new(prefix)

    def new_choices(self, field: Field) -> list[dict[str, str]]:
        return self._choices[field.id][1] if field.id in self._choices else []

    def add_choice(self, field: Field, name: str) -> str:
        _, choices = self._choices.setdefault(field.id, (field, []))
        choices.append({"id": self.new_id("sel"), "name": name, "color": "blueLight2"})
        return choices[-1]["id"]

    def find_or_add(self, table: Table, text: str) -> str:
        """The linked record with that primary text, or a new one that gets it (typecast only)."""
        key = (table.id, text)
        if key not in self._linked:
            existing = next((known for known in table.records if table.primary_text(known) == text), None)
            self._linked[key] = existing or self._add_linked(table, text)
        return self._linked[key]

    def _add_linked(self, table: Table, text: str) -> str:
        if table.primary is None or table.primary.type.computed:
            raise errors.cannot_accept(table.name)
        current = self._current
        record = self.create(table, {table.primary.name: text})
        self._current = current
        return record.id

    def _checked(self, table: Table, record: Record, fields: Mapping[str, Any]) -> dict[str, Any]:
        self._current = record
        cells: dict[str, Any] = {}
        for name, value in fields.items():
            field = table.field(name)
            if field is None:
                raise errors.unknown_field(name)
            if field.type.computed:
                raise errors.computed_field(field.name)
            empty = is_empty(value)
            cells[field.id] = _cleared(field, record) if empty else field.type.write(value, field, self)
        return cells


def _cleared(field: Field, record: Record) -> Any:
    """Nothing, except in rich text, where a cleared cell keeps its line break (recorded)."""
    return "\n" if field.type.name == "richText" and record.cells.get(field.id) else None


def delete(table: Table, records: list[Record], author: Author) -> None:
    """Remove the records and every link to them."""
    event = author.event(table.base)
    for record in records:
        for field in table.fields.values():
            event.changes_links(field, record, None)
        for field, linking in links.linking_one_sidedly(table, record):
            event.changes(field.table, linking)
    table.base.foretell(event)
    for record in records:
        links.forget(table, record)
        del table.records[record.id]
        event.destroys(table, record)
    author.sign(event)
    table.base.version += 1
    table.base.tell(event)
