"""Fields that follow from other cells: count, lookup, rollup and formula. Computed on read, once per stamp of the base.

That fields never follow from themselves is settled where they are defined.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from sandbox.airtable.fields.base import Kind
from sandbox.airtable.fields.computed import Computed, ComputedNumber
from sandbox.airtable.fields.links import linked_records, linked_table
from sandbox.airtable.formula.values import EvaluationError, Moment, flat, text, tidy

if TYPE_CHECKING:
    from sandbox.airtable.schema import Field, Record


class Failed:
    """The value of a cell whose formula has none."""


FAILED = Failed()


class Count(ComputedNumber):
    """Of linked records; 0 is shown."""

    name = "count"

    def value(self, record: Record, field: Field) -> Any:
        return len(record.cells.get(field.options["recordLinkFieldId"]) or ())


class _Derived(Computed, ABC):
    def value(self, record: Record, field: Field) -> Any:
        stamp = field.table.base.stamp()
        known = record.computed.get(field.id)
        if known is None or known[0] != stamp:
            known = record.computed[field.id] = (stamp, self._compute(record, field))
        return known[1]

    @abstractmethod
    def _compute(self, record: Record, field: Field) -> Any:
        """What `value` gives, and keeps."""


class Lookup(_Derived):
    """The cells of one field in the linked records, empty ones left out, shown as one flat list."""

    name = "multipleLookupValues"

    def _compute(self, record: Record, field: Field) -> Any:
        return linked_values(record, field) or None

    def json(self, value: Any, field: Field) -> Any:
        target = target_field(field)
        return flat([target.type.json(item, target) for item in value])

    def text(self, value: Any, field: Field) -> str:
        target = target_field(field)
        return ", ".join(target.type.text(item, target) for item in value)

    def kind(self, field: Field) -> Kind:
        return Kind.LIST

    def operand(self, value: Any, field: Field) -> Any:
        target = target_field(field)
        return flat([target.type.operand(item, target) for item in value])


class _Result(_Derived):
    """What a formula gave; setting `compiled` has the formula."""

    def _compute(self, record: Record, field: Field) -> Any:
        compiled = field.settings["compiled"]
        try:
            value = compiled.evaluate(record)
            return text(value) if compiled.kind == Kind.TEXT and value is not None else value
        except EvaluationError:
            return FAILED

    def json(self, value: Any, field: Field) -> Any:
        return _shown(value)

    def text(self, value: Any, field: Field) -> str:
        return "#ERROR!" if value is FAILED else text(value)

    def kind(self, field: Field) -> Kind:
        kind: Kind = field.settings["compiled"].kind
        return kind

    def operand(self, value: Any, field: Field) -> Any:
        if value is FAILED:
            raise EvaluationError
        return value

    def order(self, value: Any, field: Field) -> Any:
        """Errors first, then numbers, dates and texts (unverified)."""
        match value:
            case Failed():
                return (0, 0)
            case int() | float():
                return (1, -math.inf if math.isnan(value) else value)
            case Moment():
                return (2, value)
        return (3, text(value).casefold())


class Formula(_Result):
    name = "formula"


class Rollup(_Result):
    """A formula over `values`, the cells of one field in the linked records."""

    name = "rollup"


def _shown(value: Any) -> Any:
    match value:
        case Failed():
            return {"error": "#ERROR!"}
        case float() if not math.isfinite(value):
            return {"specialValue": "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}
        case int() | float():
            return tidy(value)
        case Moment():
            return value.iso()
        case list():
            return [_shown(item) for item in value]
    return value


def target_field(field: Field) -> Field:
    link = field.table.fields[field.options["recordLinkFieldId"]]
    return linked_table(link).fields[field.options["fieldIdInLinkedTable"]]


def linked_values(record: Record, field: Field) -> list[Any]:
    """The non-empty values of the field looked up, in the order of the links."""
    link = field.table.fields[field.options["recordLinkFieldId"]]
    target = target_field(field)
    values = [target.value(linked) for linked in linked_records(record.cells.get(link.id) or [], link)]
    return [value for value in values if value is not None]


def rolled_up(record: Record, field: Field) -> list[Any]:
    """What `values` is in the formula of a rollup."""
    target = target_field(field)
    return flat([target.type.operand(value, target) for value in linked_values(record, field)])
