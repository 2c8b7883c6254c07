"""What every field type can do: take a value a client wrote, show a value, and stand in a formula or a sort."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from sandbox.airtable import errors

if TYPE_CHECKING:
    from sandbox.airtable.change import Change
    from sandbox.airtable.schema import Field, Record


class Kind(StrEnum):
    """What an operand of a formula is, known before any record is looked at."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    LIST = "list"
    BLANK = "blank"


class FieldType:
    """One per type, without state. Values passed around are stored or computed ones and never None."""

    name: ClassVar[str]
    computed: ClassVar[bool] = False
    #: Whether `performUpsert` may merge on it.
    merges: ClassVar[bool] = False

    def value(self, record: Record, field: Field) -> Any:
        return record.cells.get(field.id)

    def write(self, value: Any, field: Field, change: Change) -> Any:
        """The stored form of what a client sent, None for an empty cell. Raises Airtable's 422 otherwise."""
        raise errors.computed_field(field.name)

    def json(self, value: Any, field: Field) -> Any:
        """The cell as the API shows it."""
        return value

    def text(self, value: Any, field: Field) -> str:
        """The cell as people read it: `cellFormat=string`, links' names, text in formulas."""
        return str(value)

    def kind(self, field: Field) -> Kind:
        return Kind.TEXT

    def operand(self, value: Any, field: Field) -> Any:
        """The cell inside a formula, as `kind` says. Raises EvaluationError for a cell that shows an error."""
        return self.text(value, field)

    def order(self, value: Any, field: Field) -> Any:
        """A key for sorting, comparable with the keys of other cells of this field."""
        return self.text(value, field).casefold()


class NumberCell(FieldType):
    """Whose cell is a number, in formulas and when sorted."""

    def kind(self, field: Field) -> Kind:
        return Kind.NUMBER

    def operand(self, value: Any, field: Field) -> Any:
        return value

    def order(self, value: Any, field: Field) -> Any:
        return value


def is_empty(value: Any) -> bool:
    """What a client writes to clear a cell, and what is left out of an answer."""
    return value is None or value is False or value == "" or value == []
