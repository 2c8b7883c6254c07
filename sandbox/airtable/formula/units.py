"""Calculating with units of time: adding them, counting them, and where each begins. Everything in UTC."""

from __future__ import annotations

import calendar
import math
from datetime import datetime, timedelta

from sandbox.airtable.formula.values import EvaluationError

_MILLISECOND = timedelta(milliseconds=1)
_FIXED = {
    "milliseconds": _MILLISECOND,
    "seconds": timedelta(seconds=1),
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
    "weeks": timedelta(weeks=1),
}
_MONTHS = {"months": 1, "quarters": 3, "years": 12}
#: `M` is months, `m` minutes; all others are the same in any case.
_SHORT = {
    "ms": "milliseconds", "s": "seconds", "h": "hours", "d": "days", "w": "weeks", "q": "quarters", "y": "years",
    "Q": "quarters", "m": "minutes", "M": "months",
}  # fmt: skip


def unit_named(name: str) -> str:
    """From `day`, `days` or `d`. Raises EvaluationError for anything else."""
    given = name.strip()
    if given in _SHORT:
        return _SHORT[given]
    unit = given.lower().rstrip("s") + "s"
    if unit not in _FIXED and unit not in _MONTHS:
        raise EvaluationError
    return unit


def add(at: datetime, count: int | float, unit: str) -> datetime:
    """Months keep the day, or take the last of a shorter month. Fractions of days and of months are left out."""
    if not math.isfinite(count):
        raise EvaluationError
    try:
        if unit in _MONTHS:
            return _add_months(at, int(count) * _MONTHS[unit])
        whole = int(count) if unit in {"days", "weeks"} else count
        later = at + whole * _FIXED[unit]
    except (OverflowError, ValueError):
        raise EvaluationError from None
    return later.replace(microsecond=later.microsecond // 1000 * 1000)


def _add_months(at: datetime, months: int) -> datetime:
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise EvaluationError
    return at.replace(year=year, month=month + 1, day=min(at.day, calendar.monthrange(year, month + 1)[1]))


def between(first: datetime, second: datetime, unit: str) -> int:
    """Whole units from the second to the first, towards zero."""
    if unit in _FIXED:
        return _whole((first - second) // _MILLISECOND, _FIXED[unit] // _MILLISECOND)
    if first < second:
        return -between(second, first, unit)
    months = (first.year - second.year) * 12 + first.month - second.month
    if months and _add_months(second, months) > first:
        months -= 1
    return months // _MONTHS[unit]


def _whole(milliseconds: int, size: int) -> int:
    return milliseconds // size if milliseconds >= 0 else -(-milliseconds // size)


def start_of(at: datetime, unit: str) -> datetime:
    """A week begins on Sunday."""
    if unit == "milliseconds":
        return at
    at = at.replace(microsecond=0)
    if unit == "seconds":
        return at
    at = at.replace(second=0)
    if unit == "minutes":
        return at
    at = at.replace(minute=0)
    if unit == "hours":
        return at
    at = at.replace(hour=0)
    if unit == "weeks":
        return add(at, -(at.isoweekday() % 7), "days")
    if unit == "days":
        return at
    month = {"months": at.month, "quarters": (at.month - 1) // 3 * 3 + 1, "years": 1}[unit]
    return at.replace(month=month, day=1)


def humanized(milliseconds: int) -> str:
    """A length of time in words, by the thresholds of moment.js."""
    seconds = round(abs(milliseconds) / 1000)
    minutes, hours, days = round(seconds / 60), round(seconds / 3600), round(seconds / 86400)
    months = round(days / 30.436875)
    steps = (
        (seconds < 45, "a few seconds"),
        (minutes <= 1, "a minute"),
        (minutes < 45, f"{minutes} minutes"),
        (hours <= 1, "an hour"),
        (hours < 22, f"{hours} hours"),
        (days <= 1, "a day"),
        (days < 26, f"{days} days"),
        (months <= 1, "a month"),
        (months < 11, f"{months} months"),
        (days < 548, "a year"),
    )
    return next((words for holds, words in steps if holds), f"{round(days / 365.2425)} years")
