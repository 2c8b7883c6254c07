"""DATEADD DATESTR DATETIME_DIFF DATETIME_FORMAT DATETIME_PARSE DAY FROMNOW HOUR IS_AFTER IS_BEFORE IS_SAME MINUTE MONTH
SECOND SET_LOCALE SET_TIMEZONE TIMESTR TONOW WEEKDAY WEEKNUM YEAR. A text counts as the date in it; a blank date is
`#ERROR!`, and neither before, after nor the same as any (unverified)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sandbox.airtable.fields.base import Kind
from sandbox.airtable.formula import units
from sandbox.airtable.formula.functions.family import Family, Takes
from sandbox.airtable.formula.functions.record import now
from sandbox.airtable.formula.moment_format import ISO, format_moment, week_number
from sandbox.airtable.formula.moment_parse import parse_by, parse_moment
from sandbox.airtable.formula.values import EvaluationError, Moment, bounded, number, scalar, text
from sandbox.airtable.schema import Record, Table

DATE = Family()
_MOST_FORM = 1000


def moment(value: Any) -> Moment:
    given = scalar(value)
    if isinstance(given, Moment):
        return given
    if isinstance(given, str) and given:
        return parse_moment(given)
    raise EvaluationError


def _is_blank(value: Any) -> bool:
    return value is None or value == "" or value == []


def _part(name: str, read: Callable[[Moment], Any]) -> None:
    DATE.add(name, 1, 1, Kind.NUMBER)(lambda value: read(moment(value)))


_part("YEAR", lambda given: given.at.year)
_part("MONTH", lambda given: given.at.month)
_part("DAY", lambda given: given.at.day)
_part("HOUR", lambda given: given.at.hour)
_part("MINUTE", lambda given: given.at.minute)
_part("SECOND", lambda given: given.at.second)


def _first_weekday(start: Any) -> int:
    """Sunday is 0, Monday 1."""
    name = text(start).lower()
    if name not in ("", "sunday", "monday"):
        raise EvaluationError
    return int(name == "monday")


@DATE.add("WEEKDAY", 1, 2, Kind.NUMBER)
def _weekday(value: Any, start: Any = None) -> Any:
    """0 for the day on which weeks start: Sunday, unless told."""
    return (moment(value).at.isoweekday() - _first_weekday(start)) % 7


@DATE.add("WEEKNUM", 1, 2, Kind.NUMBER)
def _weeknum(value: Any, start: Any = None) -> Any:
    return week_number(moment(value).at.date(), _first_weekday(start))


@DATE.add("DATEADD", 3, 3, Kind.DATE)
def _dateadd(value: Any, count: Any, unit: Any) -> Any:
    given, name = moment(value), units.unit_named(text(unit))
    whole_days = name in {"days", "weeks", "months", "quarters", "years"}
    return replace(given, at=units.add(given.at, number(count), name), day_only=given.day_only and whole_days)


@DATE.add("DATETIME_DIFF", 2, 3, Kind.NUMBER)
def _datetime_diff(first: Any, second: Any, unit: Any = "seconds") -> Any:
    """The second subtracted from the first, in whole units."""
    return units.between(moment(first).at, moment(second).at, units.unit_named(text(unit)))


@DATE.add("DATESTR", 1, 1, Kind.TEXT)
def _datestr(value: Any) -> Any:
    return moment(value).at.date().isoformat()


@DATE.add("TIMESTR", 1, 1, Kind.TEXT)
def _timestr(value: Any) -> Any:
    return moment(value).at.strftime("%H:%M:%S")


@DATE.add("DATETIME_FORMAT", 1, 2, Kind.TEXT)
def _datetime_format(value: Any, form: Any = ISO) -> Any:
    given = text(form)
    if len(given) > _MOST_FORM:
        raise EvaluationError
    return bounded(format_moment(moment(value), given or ISO))


@DATE.add("DATETIME_PARSE", 1, 3, Kind.DATE)
def _datetime_parse(value: Any, form: Any = None, locale: Any = "en") -> Any:
    """A blank stays blank. What the form says and the text does not have is `#ERROR!` (unverified)."""
    given = scalar(value)
    if _is_blank(given):
        return None
    if isinstance(given, Moment) or _is_blank(form):
        return replace(moment(given), day_only=False)
    return replace(parse_by(text(given), text(form), text(locale) or "en"), day_only=False)


@DATE.add("SET_TIMEZONE", 2, 2, Kind.DATE)
def _set_timezone(value: Any, zone: Any) -> Any:
    given = moment(value)
    try:
        return replace(given, zone=ZoneInfo(text(zone)))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise EvaluationError from None


@DATE.add("SET_LOCALE", 2, 2, Kind.DATE)
def _set_locale(value: Any, locale: Any) -> Any:
    return replace(moment(value), locale=text(locale))


def _compared(name: str, holds: Callable[[Moment, Moment], bool]) -> None:
    def compare(first: Any, second: Any) -> Any:
        if _is_blank(first) or _is_blank(second):
            return 0
        return int(holds(moment(first), moment(second)))

    DATE.add(name, 2, 2, Kind.NUMBER)(compare)


_compared("IS_AFTER", lambda first, second: first > second)
_compared("IS_BEFORE", lambda first, second: first < second)


@DATE.add("IS_SAME", 2, 3, Kind.NUMBER)
def _is_same(first: Any, second: Any, unit: Any = "milliseconds") -> Any:
    """Whether both are in the same unit; the same moment without one."""
    name = units.unit_named(text(unit))
    if _is_blank(first) or _is_blank(second):
        return 0
    return int(units.start_of(moment(first).at, name) == units.start_of(moment(second).at, name))


def _from_now(record: Record, table: Table, value: Any) -> Any:
    """The time between then and now in words, like `25 days`."""
    return units.humanized((moment(value).at - now(table).at) // timedelta(milliseconds=1))


for _name in ("FROMNOW", "TONOW"):
    DATE.add(_name, 1, 1, Kind.TEXT, Takes.RECORD, volatile=True)(_from_now)
