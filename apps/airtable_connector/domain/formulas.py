"""Formulas that find the records a write is about."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

# The backslash first: the others bring some.
_ESCAPES = (("\\", "\\\\"), ("'", "\\'"), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"))


def any_of(ids: Sequence[str]) -> str:
    """The records with these ids."""
    return f"OR({','.join(f'RECORD_ID()={_text(one)}' for one in ids)})"


def matching(merge_on: Sequence[str], wanted: Sequence[Mapping[str, Any]]) -> str | None:
    """The records an upsert of `wanted` would find; None when a value has no literal in a formula."""
    each = []
    for cells in wanted:
        parts = [(name, literal(cells.get(name))) for name in merge_on]
        if any(value is None for _, value in parts):
            return None
        each.append(f"AND({','.join(f'{field(name)}={value}' for name, value in parts)})")
    return f"OR({','.join(each)})"


def created_between(first: datetime, last: datetime) -> str:
    """Records made in this time; Airtable tells creation times in whole seconds."""
    created = "CREATED_TIME()"
    return (
        f"AND(NOT(IS_BEFORE({created},DATETIME_PARSE({_text(_iso(first))}))),"
        f"NOT(IS_AFTER({created},DATETIME_PARSE({_text(_iso(last))}))))"
    )


def all_of(*formulas: str | None) -> str:
    return f"AND({','.join(filter(None, formulas))})"


def field(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace("}", "\\}")
    return f"{{{escaped}}}"


def literal(value: Any) -> str | None:
    """A cell's value in a formula, None for one that has no literal there."""
    match value:
        case None:
            return "BLANK()"
        case bool():
            return "TRUE()" if value else "FALSE()"
        case int() | float():
            return repr(value)
        case str():
            return _text(value)
    return None


def _text(value: str) -> str:
    for sign, escaped in _ESCAPES:
        value = value.replace(sign, escaped)
    return f"'{value}'"


def _iso(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S.000Z")
