"""ARRAYJOIN ARRAYUNIQUE ARRAYCOMPACT ARRAYFLATTEN ARRAYSLICE. A single value counts as a list of one."""

from __future__ import annotations

from typing import Any

from sandbox.airtable.fields.base import Kind
from sandbox.airtable.formula.functions.family import Family
from sandbox.airtable.formula.values import MAX_LENGTH, EvaluationError, flat, text, whole

ARRAY = Family()


@ARRAY.add("ARRAYJOIN", 1, 2, Kind.TEXT)
def _join(items: Any, separator: Any = ", ") -> Any:
    parts, between = [text(item) for item in flat([items])], text(separator)
    if sum(map(len, parts)) + len(between) * (len(parts) - 1) > MAX_LENGTH:
        raise EvaluationError
    return between.join(parts)


@ARRAY.add("ARRAYUNIQUE", 1, 1, Kind.LIST)
def _unique(items: Any) -> Any:
    """The first of each; 1 and "1" differ."""
    return list({(isinstance(item, str), item): item for item in flat([items])}.values())


@ARRAY.add("ARRAYCOMPACT", 1, 1, Kind.LIST)
def _compact(items: Any) -> Any:
    """Without blanks and empty texts; 0 and texts of spaces stay."""
    return [item for item in flat([items]) if item is not None and item != ""]


@ARRAY.add("ARRAYFLATTEN", 1, None, Kind.LIST)
def _flatten(*items: Any) -> Any:
    return flat(items)


@ARRAY.add("ARRAYSLICE", 2, 3, Kind.LIST)
def _slice(items: Any, start: Any, end: Any = None) -> Any:
    """From the first element, which is 1, to the last, which is counted too; negative ones count from the end."""
    elements = flat([items])
    first, last = whole(start), len(elements) if end is None else whole(end)
    first = max(first - 1, 0) if first >= 0 else max(len(elements) + first, 0)
    last = last if last >= 0 else len(elements) + last + 1
    return elements[first : max(last, 0)]
