"""ABS AVERAGE CEILING COUNT COUNTA COUNTALL EVEN EXP FLOOR INT LOG MAX MIN MOD ODD POWER ROUND ROUNDDOWN ROUNDUP SQRT
SUM. Functions of many arguments open lists and leave out what is no number (unverified)."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_UP, Context, Decimal, DecimalException
from typing import Any

from sandbox.airtable.fields.base import Kind
from sandbox.airtable.formula.functions.family import Family
from sandbox.airtable.formula.values import EvaluationError, Moment, flat, number, tidy, whole

NUMBER = Family()
_EXACTLY = Context(prec=800)


def _numbers(values: tuple[Any, ...]) -> list[int | float]:
    return [value for value in flat(values) if isinstance(value, int | float)]


@NUMBER.add("SUM", 1, None, Kind.NUMBER)
def _sum(*values: Any) -> Any:
    return tidy(sum(_numbers(values)))


@NUMBER.add("AVERAGE", 1, None, Kind.NUMBER)
def _average(*values: Any) -> Any:
    """NaN when there is nothing to average."""
    numbers = _numbers(values)
    return tidy(tidy(sum(numbers)) / len(numbers)) if numbers else math.nan


def _extreme(values: tuple[Any, ...], choose: Any) -> Any:
    """Of the dates when there are only dates; 0 when there is nothing."""
    found = [value for value in flat(values) if isinstance(value, int | float | Moment)]
    if found and all(isinstance(value, Moment) for value in found):
        return choose(found)
    numbers = [value for value in found if not isinstance(value, Moment)]
    if any(value != value for value in numbers):
        return math.nan
    return choose(numbers, default=0)


def _kind_of_extreme(kinds: list[Kind]) -> Kind:
    return Kind.DATE if set(kinds) == {Kind.DATE} else Kind.NUMBER


@NUMBER.add("MAX", 1, None, _kind_of_extreme)
def _max(*values: Any) -> Any:
    return _extreme(values, max)


@NUMBER.add("MIN", 1, None, _kind_of_extreme)
def _min(*values: Any) -> Any:
    return _extreme(values, min)


@NUMBER.add("COUNT", 1, None, Kind.NUMBER)
def _count(*values: Any) -> Any:
    return len(_numbers(values))


@NUMBER.add("COUNTA", 1, None, Kind.NUMBER)
def _counta(*values: Any) -> Any:
    """Of what is not empty; 0 counts."""
    return sum(value is not None and value != "" for value in flat(values))


@NUMBER.add("COUNTALL", 1, None, Kind.NUMBER)
def _countall(*values: Any) -> Any:
    return len(flat(values))


@NUMBER.add("ABS", 1, 1, Kind.NUMBER)
def _abs(value: Any) -> Any:
    return abs(number(value))


def _rounded(value: Any, precision: Any, rounding: str, shift: Decimal = Decimal(0)) -> Any:
    """On the number as it is written, not on the binary fraction next to it."""
    given, places = number(value), whole(precision)
    if not math.isfinite(given) or abs(places) > 400:
        return given
    step = Decimal(1).scaleb(-places)
    try:
        exact = Decimal(repr(given)) + shift * step
        return tidy(float(exact.quantize(step, rounding=rounding, context=_EXACTLY)))
    except (DecimalException, OverflowError):
        raise EvaluationError from None


@NUMBER.add("ROUND", 1, 2, Kind.NUMBER)
def _round(value: Any, precision: Any = 0) -> Any:
    """Halves go up, also below zero."""
    return _rounded(value, precision, ROUND_FLOOR, Decimal("0.5"))


@NUMBER.add("ROUNDDOWN", 1, 2, Kind.NUMBER)
def _rounddown(value: Any, precision: Any = 0) -> Any:
    """Towards zero."""
    return _rounded(value, precision, ROUND_DOWN)


@NUMBER.add("ROUNDUP", 1, 2, Kind.NUMBER)
def _roundup(value: Any, precision: Any = 0) -> Any:
    """Away from zero."""
    return _rounded(value, precision, ROUND_UP)


def _multiple(value: Any, significance: Any, rounding: str) -> Any:
    given, step = number(value), number(significance)
    if not (math.isfinite(given) and math.isfinite(step)):
        return math.nan
    if step == 0:
        return 0
    size = abs(Decimal(repr(step)))
    times = (Decimal(repr(given)) / size).to_integral_value(rounding=rounding)
    return tidy(float(times * size))


@NUMBER.add("CEILING", 1, 2, Kind.NUMBER)
def _ceiling(value: Any, significance: Any = 1) -> Any:
    return _multiple(value, significance, ROUND_CEILING)


@NUMBER.add("FLOOR", 1, 2, Kind.NUMBER)
def _floor(value: Any, significance: Any = 1) -> Any:
    return _multiple(value, significance, ROUND_FLOOR)


@NUMBER.add("INT", 1, 1, Kind.NUMBER)
def _int(value: Any) -> Any:
    given = number(value)
    return tidy(math.floor(given)) if math.isfinite(given) else given


@NUMBER.add("EVEN", 1, 1, Kind.NUMBER)
def _even(value: Any) -> Any:
    """Away from zero (unverified below zero)."""
    return _away(value, 0)


@NUMBER.add("ODD", 1, 1, Kind.NUMBER)
def _odd(value: Any) -> Any:
    """Away from zero; of 0 it is 1."""
    return _away(value, 1)


def _away(value: Any, remainder: int) -> Any:
    given = number(value)
    if not math.isfinite(given):
        return given
    size = math.ceil(abs(given))
    size += size % 2 != remainder
    return tidy(-size if given < 0 else size)


@NUMBER.add("EXP", 1, 1, Kind.NUMBER)
def _exp(value: Any) -> Any:
    given = float(number(value))
    try:
        return tidy(math.exp(given))
    except OverflowError:
        return math.inf


@NUMBER.add("POWER", 2, 2, Kind.NUMBER)
def _power(base: Any, exponent: Any) -> Any:
    """NaN when the result is no real number, Infinity when it is too large."""
    first, second = float(number(base)), float(number(exponent))
    try:
        return tidy(math.pow(first, second))
    except ValueError:
        return math.inf if first == 0 else math.nan
    except OverflowError:
        return -math.inf if first < 0 and second % 2 else math.inf


@NUMBER.add("SQRT", 1, 1, Kind.NUMBER)
def _sqrt(value: Any) -> Any:
    given = number(value)
    return tidy(math.sqrt(given)) if given >= 0 else math.nan


@NUMBER.add("LOG", 1, 2, Kind.NUMBER)
def _log(value: Any, base: Any = 10) -> Any:
    """To the base 10 unless told."""
    given, of = number(value), number(base)
    if not given > 0 or not of > 0 or of == 1 or math.isinf(of):
        return -math.inf if given == 0 and of > 1 else math.nan
    if math.isinf(given):
        return math.inf
    return tidy(math.log10(given) if of == 10 else math.log2(given) if of == 2 else math.log(given, of))


@NUMBER.add("MOD", 2, 2, Kind.NUMBER)
def _mod(value: Any, divisor: Any) -> Any:
    """With the sign of the first argument, as in JavaScript (unverified)."""
    given, by = number(value), number(divisor)
    if by == 0 or not math.isfinite(given) or by != by:
        return math.nan
    return tidy(math.fmod(given, by))
