"""How two values compare, and what the operators of arithmetic make of them.

Settled by captures: a blank equals 0, "" and a blank; `0 = ""` is false. Unverified: texts are ordered by code point;
a text next to a number is compared as a text for `=`, as a number for `<`; next to a date it is read as a date; a
blank date is neither before nor after another.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from sandbox.airtable.formula.moment_parse import parse_moment
from sandbox.airtable.formula.values import EvaluationError, Moment, bounded, number, scalar, text, tidy

Operation = Callable[[Any, Any], Any]


def equal(left: Any, right: Any) -> bool:
    left, right = scalar(left), scalar(right)
    if left is None or right is None:
        other = right if left is None else left
        return other is None or other == 0 or other == ""
    if type(left) is type(right):
        return bool(left == right)
    if isinstance(left, Moment) or isinstance(right, Moment):
        moments = _moments(left, right)
        return moments is not None and moments[0] == moments[1]
    if isinstance(left, str) or isinstance(right, str):
        return text(left) == text(right)
    return bool(left == right)


def _ordered(compare: Operation) -> Operation:
    def result(left: Any, right: Any) -> int:
        if isinstance(left, int | float) and isinstance(right, int | float):
            return int(compare(left, right))
        left, right = scalar(left), scalar(right)
        if isinstance(left, Moment) or isinstance(right, Moment):
            moments = _moments(left, right)
            return int(moments is not None and compare(*moments))
        if isinstance(left, str | None) and isinstance(right, str | None) and (left or right) is not None:
            return int(compare(left or "", right or ""))
        return int(compare(_as_number(left), _as_number(right)))

    return result


def _moments(left: Any, right: Any) -> tuple[Moment, Moment] | None:
    """Both as moments, None when one of them is none."""
    try:
        first, second = (parse_moment(each) if isinstance(each, str) else each for each in (left, right))
    except EvaluationError:
        return None
    return (first, second) if isinstance(first, Moment) and isinstance(second, Moment) else None


def _as_number(value: Any) -> float:
    if not isinstance(value, str):
        return number(value)
    try:
        return float(value) if value.isascii() else math.nan
    except ValueError:
        return math.nan


def _divide(left: Any, right: Any) -> Any:
    above, below = number(left), number(right)
    if below:
        return tidy(above / below)
    return math.nan if above == 0 or above != above else math.inf if above > 0 else -math.inf


OPERATIONS: dict[str, Operation] = {
    "=": lambda left, right: int(equal(left, right)),
    "!=": lambda left, right: int(not equal(left, right)),
    "<": _ordered(operator.lt),
    "<=": _ordered(operator.le),
    ">": _ordered(operator.gt),
    ">=": _ordered(operator.ge),
    "+": lambda left, right: tidy(number(left) + number(right)),
    "-": lambda left, right: tidy(number(left) - number(right)),
    "*": lambda left, right: tidy(number(left) * number(right)),
    "/": _divide,
    "&": lambda left, right: bounded(text(left) + text(right)),
}
