"""Moments as texts, by the tokens of moment.js, which Airtable documents: `YYYY-MM-DD [at] h:mm A`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime

from sandbox.airtable.formula.locales import Locale, locale
from sandbox.airtable.formula.values import Moment

#: Without a form, as moment.js does it.
ISO = "YYYY-MM-DDTHH:mm:ssZ"
_TOKEN = re.compile(
    r"\[([^\[\]]*)\]|\\(.)|(LTS|LT|L{1,4}|l{1,4}|YYYY|YY|Y|GGGG|GG|gggg|gg|Qo|Q|Mo|M{1,4}|DDDo|Do|D{1,4}|"
    r"do|d{1,4}|e|E|wo|ww|w|Wo|WW|W|A|a|HH|H|hh|h|kk|k|mm|m|ss|s|S{1,9}|ZZ|Z|zz|z|X|x)|(.)",
    re.DOTALL,
)


def format_moment(moment: Moment, form: str) -> str:
    """In the moment's own zone and locale."""
    names, local = locale(moment.locale), moment.local()
    return _TOKEN.sub(lambda match: _shown(match, local, names), form)


def _shown(match: re.Match[str], at: datetime, names: Locale) -> str:
    literal, escaped, token, other = match.groups()
    if token is None:
        return literal if literal is not None else escaped or other or ""
    long = names.forms.get(token.upper())
    if long is not None:
        if token.islower():
            long = re.sub("MMMM|MM|DD|dddd", lambda part: part[0][1:], long)
        return _TOKEN.sub(lambda part: _shown(part, at, names), long)
    if token.startswith("S"):
        return f"{at.microsecond:06d}000"[: len(token)]
    return _TOKENS[token](at, names)


def _ordinal(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def week_number(day: date, first_weekday: int) -> int:
    """Of the year; the week with 1 January is the first. Sunday is 0, Monday 1."""
    start = date(day.year, 1, 1)
    return (day.timetuple().tm_yday - 1 + (start.isoweekday() - first_weekday) % 7) // 7 + 1


def _week(at: datetime) -> int:
    """As moment.js counts in English: the last days of December may be in week 1."""
    week = week_number(at.date(), 0)
    in_next_year = at.month == 12 and at.day + (6 - at.isoweekday() % 7) > 31
    return 1 if in_next_year else week


def _week_year(at: datetime) -> int:
    return at.year + (at.month == 12 and _week(at) == 1)


def _zone(at: datetime, separator: str) -> str:
    minutes = int((at.utcoffset() or at - at).total_seconds()) // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}{separator}{abs(minutes) % 60:02d}"


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


_TOKENS: dict[str, Callable[[datetime, Locale], str]] = {
    "YYYY": lambda at, _: f"{at.year:04d}",
    "YY": lambda at, _: f"{at.year % 100:02d}",
    "Y": lambda at, _: str(at.year),
    "GGGG": lambda at, _: f"{at.isocalendar().year:04d}",
    "GG": lambda at, _: f"{at.isocalendar().year % 100:02d}",
    "gggg": lambda at, _: f"{_week_year(at):04d}",
    "gg": lambda at, _: f"{_week_year(at) % 100:02d}",
    "Q": lambda at, _: str((at.month + 2) // 3),
    "Qo": lambda at, _: _ordinal((at.month + 2) // 3),
    "M": lambda at, _: str(at.month),
    "Mo": lambda at, _: _ordinal(at.month),
    "MM": lambda at, _: f"{at.month:02d}",
    "MMM": lambda at, names: names.months_short[at.month - 1],
    "MMMM": lambda at, names: names.months[at.month - 1],
    "D": lambda at, _: str(at.day),
    "Do": lambda at, _: _ordinal(at.day),
    "DD": lambda at, _: f"{at.day:02d}",
    "DDD": lambda at, _: str(at.timetuple().tm_yday),
    "DDDo": lambda at, _: _ordinal(at.timetuple().tm_yday),
    "DDDD": lambda at, _: f"{at.timetuple().tm_yday:03d}",
    "d": lambda at, _: str(at.isoweekday() % 7),
    "do": lambda at, _: _ordinal(at.isoweekday() % 7),
    "dd": lambda at, names: names.weekdays[at.isoweekday() % 7][:2],
    "ddd": lambda at, names: names.weekdays_short[at.isoweekday() % 7],
    "dddd": lambda at, names: names.weekdays[at.isoweekday() % 7],
    "e": lambda at, _: str(at.isoweekday() % 7),
    "E": lambda at, _: str(at.isoweekday()),
    "w": lambda at, _: str(_week(at)),
    "wo": lambda at, _: _ordinal(_week(at)),
    "ww": lambda at, _: f"{_week(at):02d}",
    "W": lambda at, _: str(at.isocalendar().week),
    "Wo": lambda at, _: _ordinal(at.isocalendar().week),
    "WW": lambda at, _: f"{at.isocalendar().week:02d}",
    "A": lambda at, _: "AM" if at.hour < 12 else "PM",
    "a": lambda at, _: "am" if at.hour < 12 else "pm",
    "H": lambda at, _: str(at.hour),
    "HH": lambda at, _: f"{at.hour:02d}",
    "h": lambda at, _: str(at.hour % 12 or 12),
    "hh": lambda at, _: f"{at.hour % 12 or 12:02d}",
    "k": lambda at, _: str(at.hour or 24),
    "kk": lambda at, _: f"{at.hour or 24:02d}",
    "m": lambda at, _: str(at.minute),
    "mm": lambda at, _: f"{at.minute:02d}",
    "s": lambda at, _: str(at.second),
    "ss": lambda at, _: f"{at.second:02d}",
    "Z": lambda at, _: _zone(at, ":"),
    "ZZ": lambda at, _: _zone(at, ""),
    "z": lambda at, _: at.tzname() or "",
    "zz": lambda at, _: at.tzname() or "",
    "X": lambda at, _: str(_milliseconds(at) // 1000),
    "x": lambda at, _: str(_milliseconds(at)),
}
