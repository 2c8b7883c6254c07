"""Paging: `offset` names an iterator and the next record, works for minutes, and survives deletes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from sandbox.airtable import errors
from sandbox.airtable.ids import Ids, is_id
from sandbox.airtable.schema import Record, Table

#: Seconds without use after which an iterator is gone. Airtable's value is not known.
IDLE_SECONDS = 300.0
#: More than this many open iterators, and the one unused for longest is gone.
MOST_OPEN = 1000


@dataclass
class _Iterator:
    """`positions` are where in `ids` the offsets given out so far continue."""

    table_id: str
    ids: list[str]
    expires: float
    positions: dict[str, int] = field(default_factory=dict)


class Iterators:
    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._open: OrderedDict[str, _Iterator] = OrderedDict()

    def first(self, table: Table, ids: list[str], size: int, now: float) -> tuple[list[Record], str | None]:
        if len(ids) <= size:
            return _alive(table, ids), None
        name = self._ids.new("itr")
        self._open[name] = _Iterator(table.id, ids, now + IDLE_SECONDS)
        if len(self._open) > MOST_OPEN:
            self._open.popitem(last=False)
        return self._page(name, 0, table, size)

    def next(self, offset: str, table: Table, size: int, now: float) -> tuple[list[Record], str | None]:
        """Raises Airtable's 422 for an offset that was never given out, or not for this table, or too old."""
        name, _, record_id = offset.partition("/")
        if not is_id("itr", name) or not is_id("rec", record_id):
            raise errors.invalid_offset(offset)
        iterator = self._open.get(name)
        if iterator is None or iterator.expires <= now:
            self._open.pop(name, None)
            raise errors.iterator_not_available()
        if iterator.table_id != table.id or record_id not in iterator.positions:
            raise errors.invalid_offset(offset)
        iterator.expires = now + IDLE_SECONDS
        self._open.move_to_end(name)
        return self._page(name, iterator.positions[record_id], table, size)

    def expire_all(self) -> None:
        self._open.clear()

    def _page(self, name: str, start: int, table: Table, size: int) -> tuple[list[Record], str | None]:
        iterator = self._open[name]
        alive = (at for at in range(start, len(iterator.ids)) if iterator.ids[at] in table.records)
        found = list(islice(alive, size + 1))
        records = [table.records[iterator.ids[at]] for at in found[:size]]
        if len(found) <= size:
            return records, None
        following = iterator.ids[found[size]]
        iterator.positions[following] = found[size]
        return records, f"{name}/{following}"


def _alive(table: Table, ids: Iterable[str]) -> list[Record]:
    return [table.records[record_id] for record_id in ids if record_id in table.records]
