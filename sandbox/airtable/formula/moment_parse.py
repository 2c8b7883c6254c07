"""Texts as moments: ISO and the forms people use, or a given form of moment.js tokens. Without a zone it is UTC."""

from __future__ import annotations

import functools
import re
from datetime import UTC, datetime, timedelta, timezone

from sandbox.airtable.formula.locales import Locale, locale
from sandbox.airtable.formula.values import EvaluationError, Moment

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
#: Tried in this order after ISO (unverified beyond M/D/YYYY, which Airtable's examples use).
_LOOSE = (
    "M/D/YYYY", "M/D/YYYY h:mm A", "M/D/YYYY H:mm", "M/D/YYYY H:mm:ss", "D.M.YYYY", "MMMM D, YYYY", "MMM D, YYYY",
    "D MMMM YYYY", "D MMM YYYY", "MMMM D YYYY", "MMM D YYYY", "YYYY/M/D", "YYYY-M-D", "D MMM YYYY HH:mm",
    "MMM D, YYYY h:mm A", "MMM D, YYYY HH:mm", "YYYYMMDD",
)  # fmt: skip
_TOKEN = re.compile(r"\[([^\[\]]*)\]|(YYYY|YY|MMMM|MMM|MM?|DDDD?|Do|DD?|dddd?|HH?|hh?|mm?|ss?|S{1,3}|A|a|ZZ?|X|x)")
#: Forms of the locale, and what in brackets is none.
_LONG = re.compile(r"\[[^\[\]]*\]|LTS|LT|L{1,4}")
_DIGITS = {
    "YYYY": r"(\d{4})", "YY": r"(\d{2})", "MM": r"(\d{1,2})", "M": r"(\d{1,2})", "DD": r"(\d{1,2})", "D": r"(\d{1,2})",
    "Do": r"(\d{1,2})\w{0,2}", "DDD": r"(\d{1,3})", "DDDD": r"(\d{3})", "HH": r"(\d{1,2})", "H": r"(\d{1,2})",
    "hh": r"(\d{1,2})", "h": r"(\d{1,2})", "mm": r"(\d{1,2})", "m": r"(\d{1,2})", "ss": r"(\d{1,2})",
    "s": r"(\d{1,2})", "A": r"([AaPp]\.?[Mm]?\.?)", "a": r"([AaPp]\.?[Mm]?\.?)", "Z": r"(Z|[+-]\d\d:?\d\d)",
    "ZZ": r"(Z|[+-]\d\d:?\d\d)", "X": r"(-?\d{1,11})", "x": r"(-?\d{1,14})",
}  # fmt: skip


def parse_moment(text: str) -> Moment:
    """Raises EvaluationError for what is no date."""
    given = text.strip()
    if _ISO.match(given):
        try:
            return _moment(datetime.fromisoformat(given), day_only=len(given) == 10)
        except (ValueError, OverflowError):
            raise EvaluationError from None
    if len(given) <= 60:
        for form in _LOOSE:
            if (found := _read(given, form, "en")) is not None:
                return found
    raise EvaluationError


def parse_by(text: str, form: str, locale_name: str) -> Moment:
    found = _read(text.strip(), form, locale_name) if len(text) <= 200 and len(form) <= 200 else None
    if found is None:
        raise EvaluationError
    return found


def _read(text: str, form: str, locale_name: str) -> Moment | None:
    pattern, tokens = _pattern(form, locale_name)
    match = pattern.fullmatch(text)
    if match is None:
        return None
    try:
        return _assembled(dict(zip(tokens, match.groups(), strict=True)), locale(locale_name))
    except (ValueError, OverflowError):
        return None


@functools.lru_cache(maxsize=256)
def _pattern(form: str, locale_name: str) -> tuple[re.Pattern[str], list[str]]:
    names, pieces, tokens, at = locale(locale_name), [], [], 0
    form = _LONG.sub(lambda match: names.forms.get(match[0], match[0]), form)
    for match in _TOKEN.finditer(form):
        pieces.append(_literal(form[at : match.start()]))
        at = match.end()
        token = match[2]
        if token is None:
            pieces.append(_literal(match[1]))
            continue
        # A token given twice is read twice; the last one counts.
        pieces.append(_part(token, names))
        tokens.append(token)
    pieces.append(_literal(form[at:]))
    return re.compile("".join(pieces), re.IGNORECASE), tokens


def _literal(text: str) -> str:
    return re.sub(r"(\\?\s)+", r"\\s+", re.escape(text))


def _part(token: str, names: Locale) -> str:
    if token.startswith("S"):
        return r"(\d{1,6})"
    choices = {
        "MMMM": names.months, "MMM": names.months_short, "dddd": names.weekdays, "ddd": names.weekdays_short,
    }.get(token)  # fmt: skip
    return _DIGITS[token] if choices is None else f"({'|'.join(map(re.escape, choices))})"


def _assembled(parts: dict[str, str], names: Locale) -> Moment:
    """Whatever the form did not say is its smallest value; a form of times alone is of the first day of 2000."""
    if "X" in parts or "x" in parts:
        milliseconds = int(parts["x"]) if "x" in parts else int(parts["X"]) * 1000
        return Moment(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds))
    year = int(parts.get("YYYY") or _full_year(parts.get("YY", "00")))
    hour = _first(parts, "HH", "H", "hh", "h")
    if half := (parts.get("A") or parts.get("a") or "").lower():
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    fraction = next((value for token, value in parts.items() if token.startswith("S")), "0")
    at = datetime(
        year, _month(parts, names), _first(parts, "DD", "D", "Do", default=1), hour, _first(parts, "mm", "m"),
        _first(parts, "ss", "s"), int(fraction[:3].ljust(6, "0") if len(fraction) > 2 else fraction.ljust(6, "0")),
    )  # fmt: skip
    if days := parts.get("DDD") or parts.get("DDDD"):
        at = at.replace(month=1, day=1) + timedelta(days=int(days) - 1)
    zone = parts.get("Z") or parts.get("ZZ")
    return _moment(at if zone is None else at.replace(tzinfo=_zone(zone)), day_only=not _has_time(parts))


def _first(parts: dict[str, str], *tokens: str, default: int = 0) -> int:
    return int(next((parts[token] for token in tokens if token in parts), default))


def _has_time(parts: dict[str, str]) -> bool:
    return any(token[0] in "HhmsS" for token in parts)


def _full_year(short: str) -> str:
    return f"{'20' if int(short) <= 68 else '19'}{short}"


def _month(parts: dict[str, str], names: Locale) -> int:
    for token, known in (("MMMM", names.months), ("MMM", names.months_short)):
        if token in parts:
            return [name.lower() for name in known].index(parts[token].lower()) + 1
    return _first(parts, "MM", "M", default=1)


def _zone(text: str) -> timezone:
    if text.upper() == "Z":
        return UTC
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)


def _moment(at: datetime, *, day_only: bool) -> Moment:
    """To the millisecond, in UTC."""
    aware = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return Moment(aware.replace(microsecond=aware.microsecond // 1000 * 1000), day_only)
