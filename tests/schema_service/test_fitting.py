"""Which cells fit into a table."""

from typing import Any

import pytest

from apps.schema_service.domain import mistakes
from contracts.airtable_connector import Table, TableField

CHOICES = {"choices": [{"id": "sel1", "name": "Won"}, {"id": "sel2", "name": "Lost"}]}
TYPES: dict[str, Any] = {
    "singleLineText": None, "number": None, "checkbox": None, "date": None, "dateTime": None, "formula": None,
    "rating": {"max": 5}, "singleSelect": CHOICES, "multipleSelects": CHOICES, "multipleRecordLinks": None,
    "multipleAttachments": None,
}  # fmt: skip
FIELDS = [TableField(id=f"fld{name}", name=name, type=name, options=options) for name, options in TYPES.items()]
TABLE = Table(id="tbl1", name="Deals", primary_field_id=FIELDS[0].id, fields=FIELDS)


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("singleLineText", 1, "text"),
        ("number", "1", "number"),
        ("number", True, "number"),
        ("checkbox", "yes", "true or false"),
        ("date", "25.11.2026", "ISO 8601"),
        ("rating", 6, "up to 5"),
        ("rating", 1.5, "whole number"),
        ("singleSelect", "won", "Did you mean Won?"),
        ("multipleSelects", ["Won", "Loost"], "Did you mean Lost?"),
        ("multipleSelects", "Won", "list"),
        ("multipleRecordLinks", ["rec1"], "record ids"),
        ("multipleAttachments", ["x"], "url or an id"),
        ("formula", "x", "computes"),
        ("singleLinetext", "x", "Did you mean singleLineText?"),
    ],
)
def test_what_airtable_would_refuse_is_an_error_of_its_field(field, value, says):
    (found,) = mistakes(TABLE, {field: value})
    assert found.field == field
    assert says in found.message


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("singleLineText", "x"),
        ("fldnumber", 1.5),
        ("checkbox", True),
        ("date", "2026-11-25"),
        ("dateTime", "2026-11-25T08:00:00.000Z"),
        ("rating", 5),
        ("singleSelect", "Won"),
        ("multipleSelects", ["Won", "Lost"]),
        ("multipleRecordLinks", ["recXXXXXXXXXXXXXX"]),
        ("multipleAttachments", [{"url": "https://example.com/a.png"}]),
        ("number", None),
    ],
)
def test_what_airtable_takes_is_no_error_by_name_or_id(field, value):
    assert list(mistakes(TABLE, {field: value})) == []
