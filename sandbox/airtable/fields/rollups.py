"""The aggregations a rollup may use here, over the non-empty cells of the linked records."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

Aggregation = Callable[[list[Any]], Any]


def _average(values: list[Any]) -> Any:
    """Airtable divides by zero when there is nothing to average."""
    return sum(values) / len(values) if values else math.nan


AGGREGATIONS: dict[str, Aggregation] = {
    "SUM": sum,
    "AVERAGE": _average,
    "MAX": lambda values: max(values, default=0),
    "MIN": lambda values: min(values, default=0),
    "COUNTA": len,
}
