"""Dates and moments. Stored as Airtable shows them, so that texts of one form compare like the dates they are."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sandbox.airtable import errors
from sandbox.airtable.fields.base import FieldType, Kind
from sandbox.airtable.formula.values import cell_moment

if TYPE_CHECKING:
    from sandbox.airtable.change import Change
    from sandbox.airtable.schema import Field

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
#: Forms that typecast understands besides ISO, best effort.
_LOOSE_FORMS = ("%m/%d/%Y", "%d.%m.%Y", "%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y", "%Y/%m/%d")


class Date(FieldType):
    """`2026-01-31`"""

    name = "date"
    merges = True

    def write(self, value: Any, field: Field, change: Change) -> Any:
        moment = _moment(value, field, change)
        return None if moment is None else moment.date().isoformat()

    def kind(self, field: Field) -> Kind:
        return Kind.DATE

    def operand(self, value: Any, field: Field) -> Any:
        return cell_moment(value, day_only=True)

    def order(self, value: Any, field: Field) -> Any:
        return value


class DateTime(FieldType):
    """`2026-01-31T09:15:00.000Z`, always UTC."""

    name = "dateTime"
    merges = True

    def write(self, value: Any, field: Field, change: Change) -> Any:
        moment = _moment(value, field, change)
        return None if moment is None else iso_of(moment)

    def kind(self, field: Field) -> Kind:
        return Kind.DATE

    def operand(self, value: Any, field: Field) -> Any:
        return cell_moment(value)

    def order(self, value: Any, field: Field) -> Any:
        return value


def iso_of(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _moment(value: Any, field: Field, change: Change) -> datetime | None:
    """Without a zone a moment is taken as UTC. None when typecast cannot read it (unverified)."""
    if not isinstance(value, str):
        raise errors.cannot_accept(field.name)
    text = value.strip()
    if _ISO_DATE.match(text):
        try:
            moment = datetime.fromisoformat(text)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    if not change.typecast:
        raise errors.cannot_accept(field.name)
    for form in _LOOSE_FORMS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None
