"""What one write did to a base: which records came, changed and went, also on the other side of links."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.airtable.schema import Base, Field, Record, Table

LINKS = "multipleRecordLinks"


@dataclass
class Event:
    """`source` as Airtable's payloads name it; `before` has the cells of changed records as they were."""

    base: Base
    source: str
    user_id: str
    at: float
    created: dict[str, dict[str, Record]] = field(default_factory=dict)
    before: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    destroyed: dict[str, list[str]] = field(default_factory=dict)
    #: Computed cells as they were, when somebody asked for them before the write.
    computed: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    created_tables: list[Table] = field(default_factory=list)
    created_fields: dict[str, list[Field]] = field(default_factory=dict)
    #: Names and types, or names and descriptions, as they were.
    changed_fields: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    changed_tables: dict[str, dict[str, Any]] = field(default_factory=dict)

    def creates(self, table: Table, record: Record) -> None:
        self.created.setdefault(table.id, {})[record.id] = record

    def destroys(self, table: Table, record: Record) -> None:
        self.destroyed.setdefault(table.id, []).append(record.id)

    def changes(self, table: Table, record: Record) -> None:
        """To be told before the first change of the record."""
        if record.id not in self.created.get(table.id, {}):
            self.before.setdefault(table.id, {}).setdefault(record.id, dict(record.cells))

    def written(self) -> Iterator[tuple[Record, dict[str, Any]]]:
        """After the write: each record that is new or has changed, with its cells as they were."""
        for made in self.created.values():
            yield from ((record, {}) for record in made.values())
        for table_id, before in self.before.items():
            records = self.base.tables[table_id].records
            yield from ((records[record_id], cells) for record_id, cells in before.items() if record_id in records)

    def changes_links(self, cell: Field, record: Record, value: Any) -> None:
        """To be told before a cell is written: the inverse fields of the records linked before and after follow."""
        if cell.type.name != LINKS or cell.options.get("inverseLinkFieldId") is None:
            return
        linked = cell.table.base.tables[cell.options["linkedTableId"]]
        for record_id in {*(record.cells.get(cell.id) or ()), *(value or ())}:
            if record_id in linked.records:
                self.changes(linked, linked.records[record_id])
