"""What formulas compute with, and how one kind of value becomes another.

A value is None (blank), an int or float, a str, a `Moment` or a list of values. Whatever has no value raises
`EvaluationError`, which a cell shows as `#ERROR!`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

#: Characters in a text and elements in a list; what would be longer is `#ERROR!`.
MAX_LENGTH = 100_000
#: Whole numbers are exact up to here in JavaScript, where Airtable computes.
_EXACT = 2**53


class EvaluationError(Exception):
    pass


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """A point in time. Zone and locale matter to `DATETIME_FORMAT` alone; `day_only` to the text of a date."""

    at: datetime
    day_only: bool = field(default=False, compare=False)
    zone: ZoneInfo | None = field(default=None, compare=False)
    locale: str = field(default="en", compare=False)

    def iso(self) -> str:
        """`2026-01-31`, or `2026-01-31T09:15:00.000Z`."""
        if self.day_only:
            return self.at.date().isoformat()
        return self.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def local(self) -> datetime:
        try:
            return self.at.astimezone(self.zone or UTC)
        except OverflowError:  # the first or the last day of the calendar
            raise EvaluationError from None


def cell_moment(text: str, *, day_only: bool = False) -> Moment:
    """From the form in which date cells are stored."""
    at = datetime.fromisoformat(text)
    return Moment(at if at.tzinfo else at.replace(tzinfo=UTC), day_only)


def scalar(value: Any) -> Any:
    """A list stands for its only element, otherwise for its text (unverified)."""
    if not isinstance(value, list):
        return value
    if not value:
        return None
    return scalar(value[0]) if len(value) == 1 else text(value)


def truthy(value: Any) -> bool:
    """False for 0, "", NaN, blank and the empty list."""
    return bool(value) and value == value


def number(value: Any) -> int | float:
    """A blank is 0. Texts and dates are no numbers (unverified)."""
    if isinstance(value, int | float):
        return value
    value = scalar(value)
    if value is None or value == "":
        return 0
    if isinstance(value, int | float):
        return value
    raise EvaluationError


def whole(value: Any) -> int:
    """A number without its fraction."""
    found = number(value)
    if not math.isfinite(found):
        raise EvaluationError
    return int(found)


def tidy(value: int | float) -> int | float:
    """As JavaScript has it: beyond exactness a whole number becomes a float; a whole float shows no fraction."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) <= _EXACT else value
    if -_EXACT <= value <= _EXACT:
        return value
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, Moment):
        return value.iso()
    if isinstance(value, list):
        return bounded(", ".join(text(item) for item in value))
    return number_text(value)


def bounded(value: str) -> str:
    if len(value) > MAX_LENGTH:
        raise EvaluationError
    return value


def number_text(value: int | float) -> str:
    """As JavaScript writes numbers."""
    if isinstance(value, int):
        return str(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    size = abs(value)
    if value.is_integer() and size < 1e21:
        return str(int(value))
    shown = repr(value)
    if "e" not in shown:
        return shown
    if 1e-6 <= size < 1e21:
        return format(Decimal(shown), "f")
    mantissa, _, exponent = shown.partition("e")
    return f"{mantissa}e{int(exponent):+d}"


def flat(values: tuple[Any, ...] | list[Any]) -> list[Any]:
    """Every value of these, lists opened to any depth."""
    found: list[Any] = []
    stack = list(reversed(values))
    while stack:
        value = stack.pop()
        if isinstance(value, list):
            stack.extend(reversed(value))
        else:
            found.append(value)
    if len(found) > MAX_LENGTH:
        raise EvaluationError
    return found
