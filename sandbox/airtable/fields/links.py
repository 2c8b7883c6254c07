"""Links to records. Stored as record ids in the order they were given; the other side is kept by `change`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.airtable import errors
from sandbox.airtable.fields.base import FieldType
from sandbox.airtable.ids import is_id

if TYPE_CHECKING:
    from sandbox.airtable.change import Change
    from sandbox.airtable.schema import Field, Table


class MultipleRecordLinks(FieldType):
    name = "multipleRecordLinks"

    def write(self, value: Any, field: Field, change: Change) -> Any:
        if change.typecast and isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
        if not isinstance(value, list):
            raise errors.cannot_accept(field.name)
        return list(dict.fromkeys(self._record_id(item, field, change) for item in value)) or None

    def text(self, value: Any, field: Field) -> str:
        table = linked_table(field)
        return ", ".join(table.primary_text(record_id) for record_id in value)

    def _record_id(self, item: Any, field: Field, change: Change) -> str:
        if isinstance(item, dict):
            item = item.get("id")
        if not isinstance(item, str) or not item:
            raise errors.cannot_accept(field.name)
        table = linked_table(field)
        if item in table.records:
            return item
        if is_id("rec", item):
            raise errors.row_does_not_exist(item)
        if not change.typecast:
            raise errors.invalid_record_id(item)
        return change.find_or_add(table, item)


def linked_table(field: Field) -> Table:
    return field.table.base.tables[field.options["linkedTableId"]]


def linked_records(record_ids: list[str], field: Field) -> list[Any]:
    records = linked_table(field).records
    return [records[record_id] for record_id in record_ids]
