"""How two operands compare. Pairs of kinds whose rule in Airtable is not known here are refused, not guessed.

A blank number counts as 0, a blank text as "". A blank date equals only a blank date and is neither before nor
after another (the last is unverified).
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from sandbox.airtable.fields.base import Kind
from sandbox.airtable.formula import errors

Comparison = Callable[[Any, Any], bool]

_OPERATORS: dict[str, Comparison] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def comparison(sign: str, left: Kind, right: Kind, left_empty: bool, right_empty: bool) -> Comparison:
    """`left_empty`, `right_empty`: that operand is the literal `""`, which asks whether the other is blank."""
    compare = _OPERATORS[sign]
    equality = sign in {"=", "!="}
    if left == right == Kind.NUMBER:
        return lambda a, b: compare(a or 0, b or 0)
    if left == right == Kind.TEXT:
        return lambda a, b: compare(a or "", b or "")
    if left == right == Kind.DATE:
        return compare if equality else lambda a, b: a is not None and b is not None and compare(a, b)
    if equality and (right == Kind.BLANK or right_empty):
        return lambda a, b: compare(_is_blank(a, left, literal=right_empty), True)
    if equality and (left == Kind.BLANK or left_empty):
        return lambda a, b: compare(_is_blank(b, right, literal=left_empty), True)
    raise errors.unsupported(f"Comparing a {left} with a {right} by {sign}")


def _is_blank(value: Any, kind: Kind, *, literal: bool) -> bool:
    """`0 = BLANK()` is true, `0 = ""` is not."""
    return value is None if kind == Kind.NUMBER and literal else not value
