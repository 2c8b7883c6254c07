"""What a base is made of: tables, fields, views, records. Nothing here checks or computes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.airtable.clock import Clock

if TYPE_CHECKING:
    from sandbox.airtable.events import Event
    from sandbox.airtable.fields.base import FieldType
    from sandbox.airtable.files import Files


#: Changes whenever something computed from a base may have.
Stamp = int | tuple[int, ...]


@dataclass(eq=False)
class Field:
    """`options` is what the metadata API shows; `settings` is what only the simulator needs."""

    id: str
    name: str
    type: FieldType
    table: Table
    description: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    def value(self, record: Record) -> Any:
        """The stored or computed value of a record's cell; None when empty."""
        return self.type.value(record, self)


@dataclass(eq=False)
class View:
    """`filter` is a formula; `sort` is pairs of field and whether descending; no `hidden` field is visible."""

    id: str
    name: str
    type: str = "grid"
    filter: str | None = None
    sort: list[tuple[Field, bool]] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)


@dataclass(eq=False, slots=True)
class Comment:
    """Times are ISO texts; `parent_id` is the comment that this one answers."""

    id: str
    author_id: str
    text: str
    created_time: str
    updated_time: str | None = None
    parent_id: str | None = None


@dataclass(eq=False, slots=True)
class Record:
    """`cells` holds stored values by field id; an empty cell has no entry.

    `changed_at` says when a cell last got another value; a cell without an entry is as the seed made it.
    """

    id: str
    created_time: str
    created_by: str
    auto_number: int
    cells: dict[str, Any] = field(default_factory=dict)
    modified_time: str = ""
    modified_by: str = ""
    changed_at: dict[str, str] = field(default_factory=dict)
    comments: list[Comment] = field(default_factory=list)
    #: What was made of the cells, each with the base's stamp when it was.
    rendered: dict[bool, tuple[Stamp, bytes]] = field(default_factory=dict)
    computed: dict[str, tuple[Stamp, Any]] = field(default_factory=dict)

    def last_change(self, field_ids: Iterable[str]) -> str | None:
        """The last time one of these cells changed, None when they have been empty from the beginning."""
        made = dict.fromkeys(self.cells, self.created_time) | self.changed_at
        return max((made[field_id] for field_id in field_ids if field_id in made), default=None)


@dataclass(eq=False)
class Table:
    id: str
    name: str
    base: Base
    description: str | None = None
    fields: dict[str, Field] = field(default_factory=dict)
    views: list[View] = field(default_factory=list)
    records: dict[str, Record] = field(default_factory=dict)
    primary: Field | None = None
    last_auto_number: int = 0

    def __post_init__(self) -> None:
        self._by_name: dict[str, Field] = {}
        self._ids: tuple[int, list[str]] = (-1, [])

    def ids(self) -> list[str]:
        """Of all records, in order. Shared by whoever reads between two writes, and never changed."""
        if self._ids[0] != self.base.version:
            self._ids = (self.base.version, list(self.records))
        return self._ids[1]

    def add_field(self, new: Field) -> None:
        self.fields[new.id] = new
        self._by_name[new.name] = new
        if self.primary is None:
            self.primary = new

    def rename_field(self, field: Field, name: str) -> None:
        del self._by_name[field.name]
        field.name = name
        self._by_name[name] = field

    def field(self, name_or_id: str) -> Field | None:
        return self._by_name.get(name_or_id) or self.fields.get(name_or_id)

    def view(self, name_or_id: str) -> View | None:
        return next((view for view in self.views if name_or_id in (view.id, view.name)), None)

    def primary_text(self, record_id: str) -> str:
        """The text by which people know a record, empty when it has none."""
        record = self.records.get(record_id)
        if record is None or self.primary is None:
            return ""
        value = self.primary.value(record)
        return "" if value is None else self.primary.type.text(value, self.primary)


@dataclass(eq=False)
class Base:
    """`version` grows with every write. `clock` is what `NOW()` says; `volatile` whether a formula field asks it."""

    id: str
    name: str
    users: dict[str, dict[str, str]]
    permission_level: str = "create"
    tables: dict[str, Table] = field(default_factory=dict)
    created_time: str = "2026-01-01T00:00:00.000Z"
    workspace_id: str = "wspSandbox0000000"
    version: int = 0
    volatile: bool = False
    clock: Clock = field(default_factory=Clock)
    #: Where attachments' contents are, once one has arrived: their URLs change with time.
    files: Files | None = None
    foreseers: list[Callable[[Event], None]] = field(default_factory=list)
    watchers: list[Callable[[Event], None]] = field(default_factory=list)

    def foretell(self, event: Event) -> None:
        """Before the write, to whoever has to know what was; all that will change is named in the event."""
        for foreseer in self.foreseers:
            foreseer(event)

    def tell(self, event: Event) -> None:
        """Whoever watches the base hears of each write once, after it is done."""
        for watcher in self.watchers:
            watcher(event)

    def stamp(self) -> Stamp:
        """Whatever is cached about the base is good for one stamp: until a write, for a second, or while URLs last."""
        if self.volatile:
            return (self.version, int(self.clock.seconds()))
        return self.version if self.files is None else (self.version, self.files.step())

    def table(self, name_or_id: str) -> Table | None:
        """By id, or by name in any case."""
        found = self.tables.get(name_or_id)
        if found is None:
            wanted = name_or_id.casefold()
            found = next((table for table in self.tables.values() if table.name.casefold() == wanted), None)
        return found

    def attachment(self, attachment_id: str) -> dict[str, Any] | None:
        for table in self.tables.values():
            fields = [known.id for known in table.fields.values() if known.type.name == "multipleAttachments"]
            for record in table.records.values() if fields else ():
                items: list[dict[str, Any]] = [item for key in fields for item in record.cells.get(key, ())]
                for item in items:
                    if item["id"] == attachment_id:
                        return item
        return None

    def table_of_record(self, record_id: str) -> Table | None:
        return next((table for table in self.tables.values() if record_id in table.records), None)
