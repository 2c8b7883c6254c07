"""AND OR NOT XOR IF SWITCH TRUE FALSE BLANK ERROR ISERROR. Arguments that decide nothing are not evaluated."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from sandbox.airtable.fields.base import Kind
from sandbox.airtable.formula.comparison import equal
from sandbox.airtable.formula.functions.family import Family, Takes, common
from sandbox.airtable.formula.values import EvaluationError, flat, truthy

LOGIC = Family()
Part = Callable[[], Any]


@LOGIC.add("AND", 1, None, Kind.NUMBER, Takes.PARTS)
def _and(*parts: Part) -> Any:
    """A list counts by its elements, as `AND(values)` of a rollup does."""
    return int(all(_counts(part(), all) for part in parts))


@LOGIC.add("OR", 1, None, Kind.NUMBER, Takes.PARTS)
def _or(*parts: Part) -> Any:
    return int(any(_counts(part(), any) for part in parts))


def _counts(value: Any, how: Callable[[Iterable[bool]], bool]) -> bool:
    return how(map(truthy, flat(value))) if isinstance(value, list) else truthy(value)


@LOGIC.add("NOT", 1, 1, Kind.NUMBER)
def _not(value: Any) -> Any:
    return int(not truthy(value))


@LOGIC.add("XOR", 1, None, Kind.NUMBER)
def _xor(*values: Any) -> Any:
    """Whether an odd number of arguments is true."""
    return sum(map(truthy, flat(values))) % 2


@LOGIC.add("IF", 2, 3, lambda kinds: common(kinds[1:]), Takes.PARTS)
def _if(condition: Part, then: Part, otherwise: Part | None = None) -> Any:
    if truthy(condition()):
        return then()
    return otherwise() if otherwise else None


def _switched(kinds: list[Kind]) -> Kind:
    default = [] if len(kinds) % 2 else kinds[-1:]
    return common([*kinds[2::2], *default])


@LOGIC.add("SWITCH", 3, None, _switched, Takes.PARTS)
def _switch(expression: Part, *rest: Part) -> Any:
    """Pairs of pattern and result, then perhaps a default."""
    value = expression()
    for at in range(0, len(rest) - 1, 2):
        if equal(value, rest[at]()):
            return rest[at + 1]()
    return rest[-1]() if len(rest) % 2 else None


@LOGIC.add("TRUE", 0, 0, Kind.NUMBER)
def _true() -> Any:
    return 1


@LOGIC.add("FALSE", 0, 0, Kind.NUMBER)
def _false() -> Any:
    return 0


@LOGIC.add("BLANK", 0, 0, Kind.BLANK)
def _blank() -> Any:
    return None


@LOGIC.add("ERROR", 0, 1, Kind.BLANK)
def _error(message: Any = None) -> Any:
    """The cell shows `#ERROR!`, whatever the message (unverified)."""
    raise EvaluationError


@LOGIC.add("ISERROR", 1, 1, Kind.NUMBER, Takes.PARTS)
def _iserror(part: Part) -> Any:
    """Also of what a division by zero gives (unverified)."""
    try:
        value = part()
    except EvaluationError:
        return 1
    return int(isinstance(value, float) and not math.isfinite(value))
