"""WORKDAY WORKDAY_DIFF: days from Monday to Friday that are no holidays."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from sandbox.airtable.fields.base import Kind
from sandbox.airtable.formula.functions.date import moment
from sandbox.airtable.formula.functions.family import Family
from sandbox.airtable.formula.moment_parse import parse_moment
from sandbox.airtable.formula.values import EvaluationError, flat, text, whole

WORKDAY = Family()
#: Working days that are counted one by one: forty years.
_MOST = 10_000


@WORKDAY.add("WORKDAY", 2, 3, Kind.DATE)
def _workday(start: Any, count: Any, holidays: Any = None) -> Any:
    """The day that many working days later, or earlier."""
    given, days, free = moment(start), whole(count), _holidays(holidays)
    if abs(days) > _MOST:
        raise EvaluationError
    step, at = timedelta(days=1 if days > 0 else -1), given.at
    try:
        while days:
            at += step
            if at.isoweekday() < 6 and at.date() not in free:
                days -= 1 if days > 0 else -1
    except OverflowError:
        raise EvaluationError from None
    return replace(given, at=at)


@WORKDAY.add("WORKDAY_DIFF", 2, 3, Kind.NUMBER)
def _workday_diff(start: Any, end: Any, holidays: Any = None) -> Any:
    """Both days are counted; negative when the end is before the start (unverified)."""
    first, last, free = moment(start).at.date(), moment(end).at.date(), _holidays(holidays)
    if last < first:
        return -_working_days(last, first, free)
    return _working_days(first, last, free)


def _working_days(first: date, last: date, free: set[date]) -> int:
    weeks, rest = divmod((last - first).days + 1, 7)
    days = weeks * 5 + sum((first.isoweekday() + at - 1) % 7 < 5 for at in range(rest))
    return days - sum(first <= day <= last and day.isoweekday() < 6 for day in free)


def _holidays(value: Any) -> set[date]:
    """From a text of dates with commas between them, or a list of dates."""
    parts = [part.strip() for item in flat([value]) for part in text(item).split(",")]
    return {parse_moment(part).at.date() for part in parts if part}
