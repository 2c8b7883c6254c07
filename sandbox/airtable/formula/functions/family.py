"""How a family of functions is declared: a name, how many arguments, the kind of its result, and what computes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sandbox.airtable.fields.base import Kind

KindOf = Kind | Callable[[list[Kind]], Kind]


def common(kinds: list[Kind]) -> Kind:
    """The one kind of these, blanks aside; text when they differ (unverified)."""
    found = set(kinds) - {Kind.BLANK}
    if len(found) > 1:
        return Kind.TEXT
    return found.pop() if found else Kind.BLANK


class Takes(Enum):
    """What the Python function is called with."""

    #: The values of the arguments.
    VALUES = 1
    #: One function without parameters per argument, so that it decides which to evaluate.
    PARTS = 2
    #: The record, its table, and the values of the arguments.
    RECORD = 3
    #: The record, and the ids of the fields that the arguments have to name.
    FIELDS = 4


@dataclass(frozen=True)
class Function:
    """`most` is None for any number of arguments; `kind` may follow from theirs.

    `volatile` results change without a write.
    """

    call: Callable[..., Any]
    least: int
    most: int | None
    kind: KindOf
    takes: Takes = Takes.VALUES
    volatile: bool = False


class Family(dict[str, Function]):
    def add(
        self,
        name: str,
        least: int,
        most: int | None,
        kind: KindOf,
        takes: Takes = Takes.VALUES,
        *,
        volatile: bool = False,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        def register(call: Callable[..., Any]) -> Callable[..., Any]:
            self[name] = Function(call, least, most, kind, takes, volatile)
            return call

        return register
