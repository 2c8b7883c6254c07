"""Fields whose cell is a number, and the checkbox, which a formula sees as 1 or 0."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from sandbox.airtable import errors
from sandbox.airtable.fields.base import FieldType, Kind, NumberCell

if TYPE_CHECKING:
    from sandbox.airtable.change import Change
    from sandbox.airtable.schema import Field

_NUMBER_IN_TEXT = re.compile(r"-?(\d+(\.\d*)?|\.\d+)")


class _Numeric(NumberCell):
    merges = True

    def write(self, value: Any, field: Field, change: Change) -> Any:
        if isinstance(value, bool):
            raise errors.cannot_accept(field.name)
        if isinstance(value, int | float):
            return _storable(value, field)
        if change.typecast and isinstance(value, str):
            return self._from_text(value)
        raise errors.cannot_accept(field.name)

    def text(self, value: Any, field: Field) -> str:
        return f"{value:.{field.options.get('precision', 0)}f}"

    def _from_text(self, text: str) -> int | float | None:
        """Typecast is best effort: a text without a number in it clears the cell (unverified)."""
        match = _NUMBER_IN_TEXT.search(text.replace(",", ""))
        if match is None or len(match[0]) > 300:
            return None
        number = float(match[0])
        return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _storable(value: float, field: Field) -> int | float:
    """Numbers as JavaScript has them: finite, and whole ones beyond 64 bits as floats."""
    try:
        if not math.isfinite(value):
            raise errors.cannot_accept(field.name)
    except OverflowError:
        raise errors.cannot_accept(field.name) from None
    return float(value) if isinstance(value, int) and abs(value) >= 2**63 else value


class Number(_Numeric):
    name = "number"


class Percent(_Numeric):
    """0.5 is 50 %."""

    name = "percent"

    def text(self, value: Any, field: Field) -> str:
        return f"{value * 100:.{field.options.get('precision', 0)}f}%"

    def _from_text(self, text: str) -> int | float | None:
        number = super()._from_text(text)
        return number / 100 if number is not None and "%" in text else number


class Currency(_Numeric):
    name = "currency"

    def text(self, value: Any, field: Field) -> str:
        sign = "-" if value < 0 else ""
        amount = f"{abs(value):,.{field.options.get('precision', 2)}f}"
        return f"{sign}{field.options.get('symbol', '$')}{amount}"


class Duration(_Numeric):
    """Seconds, possibly fractional."""

    name = "duration"
    merges = False

    def text(self, value: Any, field: Field) -> str:
        form = field.options.get("durationFormat", "h:mm")
        places = len(form.partition(".")[2])
        # Rounded to what is shown; a whole number of units, so that 59.96 s is never shown as 60.
        whole, rest = divmod(abs(value), 1)
        units = int(whole) * 10**places + round(rest * 10**places)
        seconds, fraction = divmod(units, 10**places)
        shown = f"{'-' if value < 0 else ''}{seconds // 3600}:{seconds // 60 % 60:02d}"
        if "ss" in form:
            shown += f":{seconds % 60:02d}"
        return f"{shown}.{fraction:0{places}d}" if places else shown


class Rating(_Numeric):
    """A whole number from 1 to the field's `max`; 0 clears the cell."""

    name = "rating"
    merges = False

    def write(self, value: Any, field: Field, change: Change) -> Any:
        number = super().write(value, field, change)
        if number is None:
            return None
        if number != int(number) or not 0 <= number <= field.options.get("max", 10):
            raise errors.cannot_accept(field.name)
        return int(number) or None


class Checkbox(FieldType):
    name = "checkbox"

    def write(self, value: Any, field: Field, change: Change) -> Any:
        if change.typecast and isinstance(value, str):
            return True if value.lower() in {"true", "yes", "checked", "1"} else None
        if not isinstance(value, bool):
            raise errors.cannot_accept(field.name)
        return value or None

    def text(self, value: Any, field: Field) -> str:
        return "checked"

    def kind(self, field: Field) -> Kind:
        return Kind.NUMBER

    def operand(self, value: Any, field: Field) -> Any:
        return 1

    def order(self, value: Any, field: Field) -> Any:
        return 1
