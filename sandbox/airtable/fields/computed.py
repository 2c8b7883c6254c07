"""Fields nobody writes: what the record's history says, and what follows from other cells. Computed on read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sandbox.airtable.fields.base import FieldType, Kind
from sandbox.airtable.fields.links import linked_records, linked_table
from sandbox.airtable.fields.rollups import AGGREGATIONS

if TYPE_CHECKING:
    from sandbox.airtable.schema import Field, Record


class _Computed(FieldType):
    computed = True


class _ComputedNumber(_Computed):
    def kind(self, field: Field) -> Kind:
        return Kind.NUMBER

    def operand(self, value: Any, field: Field) -> Any:
        return value

    def order(self, value: Any, field: Field) -> Any:
        return value


class _ComputedTime(_Computed):
    def kind(self, field: Field) -> Kind:
        return Kind.DATE

    def operand(self, value: Any, field: Field) -> Any:
        return value


class AutoNumber(_ComputedNumber):
    name = "autoNumber"

    def value(self, record: Record, field: Field) -> Any:
        return record.auto_number


class CreatedTime(_ComputedTime):
    name = "createdTime"

    def value(self, record: Record, field: Field) -> Any:
        return record.created_time


class LastModifiedTime(_ComputedTime):
    """Of the whole record; watching single fields is not simulated."""

    name = "lastModifiedTime"

    def value(self, record: Record, field: Field) -> Any:
        return record.modified_time


class _ComputedPerson(_Computed):
    def json(self, value: Any, field: Field) -> Any:
        return dict(field.table.base.users[value])

    def text(self, value: Any, field: Field) -> str:
        return field.table.base.users[value]["name"]


class CreatedBy(_ComputedPerson):
    name = "createdBy"

    def value(self, record: Record, field: Field) -> Any:
        return record.created_by


class LastModifiedBy(_ComputedPerson):
    name = "lastModifiedBy"

    def value(self, record: Record, field: Field) -> Any:
        return record.modified_by


class Button(_Computed):
    """Setting `label` is its text; setting `url` is a prefix that the record's id follows."""

    name = "button"

    def value(self, record: Record, field: Field) -> Any:
        url = field.settings.get("url")
        return {"label": field.settings.get("label", field.name), "url": url and url + record.id}

    def text(self, value: Any, field: Field) -> str:
        return str(value["label"])


class Count(_ComputedNumber):
    """Of linked records; 0 is shown."""

    name = "count"

    def value(self, record: Record, field: Field) -> Any:
        return len(record.cells.get(field.options["recordLinkFieldId"]) or ())


class Lookup(_Computed):
    """The cells of one field in the linked records, flattened into one list, empty ones left out."""

    name = "multipleLookupValues"

    def value(self, record: Record, field: Field) -> Any:
        target = target_field(field)
        return [target.type.json(value, target) for value in linked_values(record, field)] or None

    def json(self, value: Any, field: Field) -> Any:
        flat: list[Any] = []
        for item in value:
            flat.extend(item) if isinstance(item, list) else flat.append(item)
        return flat

    def text(self, value: Any, field: Field) -> str:
        return ", ".join(_plain(item) for item in self.json(value, field))

    def kind(self, field: Field) -> Kind:
        return Kind.LIST

    def operand(self, value: Any, field: Field) -> Any:
        return self.json(value, field)


class Rollup(_Computed):
    """One number from the linked records' cells, by the setting `aggregation`, e.g. `SUM`."""

    name = "rollup"

    def value(self, record: Record, field: Field) -> Any:
        target = target_field(field)
        operands = [target.type.operand(value, target) for value in linked_values(record, field)]
        return AGGREGATIONS[field.settings["aggregation"]](operands)

    def json(self, value: Any, field: Field) -> Any:
        if isinstance(value, float) and not math.isfinite(value):
            return {"specialValue": "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}
        return float(value) if isinstance(value, int) and abs(value) > 2**53 else value

    def text(self, value: Any, field: Field) -> str:
        return _plain(self.json(value, field))

    def kind(self, field: Field) -> Kind:
        return Kind.NUMBER

    def operand(self, value: Any, field: Field) -> Any:
        return value

    def order(self, value: Any, field: Field) -> Any:
        return -math.inf if math.isnan(value) else value


class Formula(_ComputedNumber):
    """Only formulas of the supported subset; their results are 1 or 0."""

    name = "formula"

    def value(self, record: Record, field: Field) -> Any:
        return field.settings["compiled"].evaluate(record)


def target_field(field: Field) -> Field:
    link = field.table.fields[field.options["recordLinkFieldId"]]
    return linked_table(link).fields[field.options["fieldIdInLinkedTable"]]


def linked_values(record: Record, field: Field) -> list[Any]:
    """The non-empty values of the field looked up, in the order of the links."""
    link = field.table.fields[field.options["recordLinkFieldId"]]
    target = target_field(field)
    values = [target.value(linked) for linked in linked_records(record.cells.get(link.id) or [], link)]
    return [value for value in values if value is not None]


def _plain(item: Any) -> str:
    if isinstance(item, dict):
        return str(item.get("name") or item.get("text") or item.get("filename") or item.get("specialValue"))
    return str(item)
