"""CONCATENATE ENCODE_URL_COMPONENT FIND SEARCH LEFT RIGHT MID LEN LOWER UPPER TRIM REPT REPLACE SUBSTITUTE T VALUE
REGEX_MATCH REGEX_EXTRACT REGEX_REPLACE. Whatever is no text stands for its text (unverified)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from sandbox.airtable.fields.base import Kind
from sandbox.airtable.formula.functions.family import Family
from sandbox.airtable.formula.regex import compile_regex, expand
from sandbox.airtable.formula.values import MAX_LENGTH, EvaluationError, bounded, flat, scalar, text, tidy, whole

TEXT = Family()
_NOT_NUMERIC = re.compile(r"[^0-9.eE+-]")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")


def _length(value: Any) -> int:
    """How many characters; below zero is none."""
    return max(whole(value), 0)


@TEXT.add("CONCATENATE", 1, None, Kind.TEXT)
def _concatenate(*values: Any) -> Any:
    return bounded("".join(text(value) for value in flat(values)))


@TEXT.add("ENCODE_URL_COMPONENT", 1, 1, Kind.TEXT)
def _encode_url_component(value: Any) -> Any:
    return bounded(quote(text(value), safe="-_.~", errors="replace"))


def _position(part: Any, where: Any, start: Any) -> int:
    """Counted from 1; 0 when absent."""
    return text(where).find(text(part), max(whole(start) - 1, 0)) + 1


@TEXT.add("FIND", 2, 3, Kind.NUMBER)
def _find(part: Any, where: Any, start: Any = 0) -> Any:
    return _position(part, where, start)


@TEXT.add("SEARCH", 2, 3, Kind.NUMBER)
def _search(part: Any, where: Any, start: Any = 0) -> Any:
    """Like FIND, in any case, and empty instead of 0."""
    return _position(text(part).lower(), text(where).lower(), start) or None


@TEXT.add("LEFT", 2, 2, Kind.TEXT)
def _left(value: Any, count: Any) -> Any:
    return text(value)[: _length(count)]


@TEXT.add("RIGHT", 2, 2, Kind.TEXT)
def _right(value: Any, count: Any) -> Any:
    given = text(value)
    return given[max(len(given) - _length(count), 0) :]


@TEXT.add("MID", 3, 3, Kind.TEXT)
def _mid(value: Any, start: Any, count: Any) -> Any:
    first = max(whole(start) - 1, 0)
    return text(value)[first : first + _length(count)]


@TEXT.add("LEN", 1, 1, Kind.NUMBER)
def _len(value: Any) -> Any:
    return len(text(value))


@TEXT.add("LOWER", 1, 1, Kind.TEXT)
def _lower(value: Any) -> Any:
    return text(value).lower()


@TEXT.add("UPPER", 1, 1, Kind.TEXT)
def _upper(value: Any) -> Any:
    return bounded(text(value).upper())


@TEXT.add("TRIM", 1, 1, Kind.TEXT)
def _trim(value: Any) -> Any:
    return text(value).strip()


@TEXT.add("REPT", 2, 2, Kind.TEXT)
def _rept(value: Any, times: Any) -> Any:
    given, count = text(value), _length(times)
    if len(given) * count > MAX_LENGTH:
        raise EvaluationError
    return given * count


@TEXT.add("REPLACE", 4, 4, Kind.TEXT)
def _replace(value: Any, start: Any, count: Any, replacement: Any) -> Any:
    given, first = text(value), max(whole(start) - 1, 0)
    return bounded(given[:first] + text(replacement) + given[first + _length(count) :])


@TEXT.add("SUBSTITUTE", 3, 4, Kind.TEXT)
def _substitute(value: Any, old: Any, new: Any, index: Any = None) -> Any:
    """All occurrences, or only the one with that number, from 1."""
    given, part, by = text(value), text(old), text(new)
    found = given.count(part) if part else 0
    if not found:
        return given
    if index is None:
        if len(given) + found * (len(by) - len(part)) > MAX_LENGTH:
            raise EvaluationError
        return given.replace(part, by)
    pieces, at = given.split(part), whole(index)
    if not 1 <= at <= found:
        return given
    return bounded(part.join(pieces[:at]) + by + part.join(pieces[at:]))


@TEXT.add("T", 1, 1, Kind.TEXT)
def _t(value: Any) -> Any:
    """The argument if it is a text, otherwise blank."""
    given = scalar(value)
    return given if isinstance(given, str) else None


@TEXT.add("VALUE", 1, 1, Kind.NUMBER)
def _value(value: Any) -> Any:
    """The number in a text like `$1,000.50`; signs of currencies and the like are left out. No number: `#ERROR!`."""
    given = scalar(value)
    if given is None or isinstance(given, int | float):
        return given
    digits = _NUMBER.fullmatch(_NOT_NUMERIC.sub("", text(given).strip()))
    if digits is None:
        raise EvaluationError
    return tidy(float(digits[0]))


@TEXT.add("REGEX_MATCH", 2, 2, Kind.NUMBER)
def _regex_match(value: Any, pattern: Any) -> Any:
    return int(compile_regex(text(pattern)).search(text(value)) is not None)


@TEXT.add("REGEX_EXTRACT", 2, 2, Kind.TEXT)
def _regex_extract(value: Any, pattern: Any) -> Any:
    """The first match, whole; `#ERROR!` when there is none (unverified)."""
    given = text(value)
    found = compile_regex(text(pattern)).search(given)
    if found is None:
        raise EvaluationError
    return given[found[0] : found[1]]


@TEXT.add("REGEX_REPLACE", 3, 3, Kind.TEXT)
def _regex_replace(value: Any, pattern: Any, replacement: Any) -> Any:
    """Every match; `$1` in the replacement is the first group."""
    given, by = text(value), text(replacement)
    pieces, size, at = [], 0, 0
    for found in compile_regex(text(pattern)).all(given):
        pieces += [given[at : found[0]], expand(by, given, found)]
        size, at = size + len(pieces[-1]) + len(pieces[-2]), found[1]
        if size > MAX_LENGTH:
            raise EvaluationError
    return bounded("".join([*pieces, given[at:]]))
