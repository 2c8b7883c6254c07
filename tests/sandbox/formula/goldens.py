"""Evaluates a formula for one record, at a frozen time, and gives what a cell would show."""

from typing import Any

from sandbox.airtable.formula import EvaluationError, compile_formula, parse
from sandbox.airtable.formula.values import Moment
from sandbox.airtable.seed import load

ERROR = "#ERROR!"
BLANK = None
#: 2026-11-23T10:30:15.250Z, a Monday.
NOW = 1795429815.25
_FIELDS = [
    {"name": "Name", "type": "singleLineText"},
    {"name": "Empty", "type": "singleLineText"},
    {"name": "N", "type": "number", "options": {"precision": 2}},
    {"name": "No number", "type": "number"},
    {"name": "Day", "type": "date"},
    {"name": "No day", "type": "date"},
    {"name": "At", "type": "dateTime"},
    {"name": "Tags", "type": "multipleSelects", "options": {"choices": ["a", "b"]}},
    {"name": "Links", "type": "multipleRecordLinks", "options": {"table": "T"}},
    {"name": "Numbers", "type": "multipleLookupValues", "options": {"link": "Links", "field": "N"}},
    {"name": "Names", "type": "multipleLookupValues", "options": {"link": "Links", "field": "Name"}},
    {"name": "Days", "type": "multipleLookupValues", "options": {"link": "Links", "field": "Day"}},
    {"name": "No links", "type": "multipleRecordLinks", "options": {"table": "T"}},
    {"name": "Nothing", "type": "multipleLookupValues", "options": {"link": "No links", "field": "N"}},
    {"name": "Failed", "type": "formula", "options": {"formula": "ERROR()"}},
]
_ADA = {
    "Name": "Ada", "N": 36.5, "Day": "2026-01-31", "At": "2026-01-31T09:15:30.500Z", "Tags": ["a", "b"],
    "Links": ["x", "y", "x2"],
}  # fmt: skip
_RECORDS = [
    {"key": "ada", "fields": _ADA, "createdTime": "2026-01-01T08:00:00.000Z", "id": "recAda00000000000"},
    {"key": "x", "fields": {"Name": "x", "N": 1, "Day": "2026-02-01"}},
    {"key": "y", "fields": {"Name": "y", "N": 2, "Day": "2026-03-01"}},
    {"key": "x2", "fields": {"Name": "x", "N": 1}},
]
(_base,) = load({"bases": [{"name": "B", "tables": [{"name": "T", "fields": _FIELDS, "records": _RECORDS}]}]})
_base.clock.freeze(NOW)
TABLE = next(iter(_base.tables.values()))
ADA = TABLE.records["recAda00000000000"]


def run(formula: str) -> Any:
    try:
        return shown(compile_formula(parse(formula), TABLE).evaluate(ADA))
    except EvaluationError:
        return ERROR


def shown(value: Any) -> Any:
    if isinstance(value, list):
        return [shown(item) for item in value]
    return value.iso() if isinstance(value, Moment) else value


def same(value: Any, expected: Any) -> bool:
    """As `==`, but 1 is not 1.0, and NaN is NaN."""
    if isinstance(expected, float) and expected != expected:
        return isinstance(value, float) and value != value
    return bool(value == expected) and isinstance(value, type(expected))
