"""Records as the API shows them: by field name or id, as JSON or as the texts people read."""

from __future__ import annotations

from typing import Any

import orjson

from sandbox.airtable.fields.base import is_empty
from sandbox.airtable.readable import Readable
from sandbox.airtable.schema import Field, Record, Table


class Rendering:
    """How one request wants its records. `only` restricts the fields; `readable` set means `cellFormat=string`."""

    def __init__(
        self,
        *,
        by_id: bool = False,
        only: list[Field] | None = None,
        readable: Readable | None = None,
        comment_count: bool = False,
    ) -> None:
        self.by_id = by_id
        self._only = only
        self._readable = readable
        self._comment_count = comment_count

    def record(self, record: Record, table: Table) -> orjson.Fragment:
        plain = self._only is None and self._readable is None and not self._comment_count
        if not plain:
            return orjson.Fragment(orjson.dumps(self._shape(record, table)))
        stamp = table.base.stamp()
        made_at, known = record.rendered.get(self.by_id, (-1, b""))
        if made_at != stamp:
            known = orjson.dumps(self._shape(record, table))
            record.rendered[self.by_id] = (stamp, known)
        return orjson.Fragment(known)

    def _shape(self, record: Record, table: Table) -> dict[str, Any]:
        cells: dict[str, Any] = {}
        for field in table.fields.values() if self._only is None else self._only:
            value = field.value(record)
            if value is None:
                continue
            cell = field.type.json(value, field) if self._readable is None else self._readable.text(value, field)
            if not is_empty(cell):
                cells[field.id if self.by_id else field.name] = cell
        shape = {"id": record.id, "createdTime": record.created_time, "fields": cells}
        return shape | {"commentCount": len(record.comments)} if self._comment_count else shape
