"""What a difference is, and whether it breaks somebody."""

from typing import Any

import pytest

from apps.schema_service.domain import changes, fingerprint
from contracts.airtable_connector import Table, TableField, View

NAME = TableField(id="fld1", name="Name", type="singleLineText")
STAGE = TableField(
    id="fld2", name="Stage", type="singleSelect", options={"choices": [{"id": "sel1", "name": "Won", "color": "red"}]}
)
GRID = View(id="viw1", name="Grid", type="grid")


def a_table(**other: Any) -> Table:
    plain = {"id": "tbl1", "name": "Deals", "primary_field_id": "fld1", "fields": [NAME, STAGE], "views": [GRID]}
    return Table(**(plain | other))


def with_stage(**other: Any) -> Table:
    return a_table(fields=[NAME, STAGE.model_copy(update=other)])


def choices(*names: tuple[str, str]) -> dict[str, Any]:
    return {"choices": [{"id": key, "name": name, "color": "blue"} for key, name in names]}


@pytest.mark.parametrize(
    ("after", "what", "kind", "breaking"),
    [
        (a_table(name="Sales"), "table", "renamed", True),
        (a_table(description="x"), "table", "described", False),
        (a_table(primary_field_id="fld2"), "table", "primary", True),
        (a_table(fields=[NAME]), "field", "removed", True),
        (a_table(fields=[NAME, STAGE, NAME.model_copy(update={"id": "fld3"})]), "field", "added", False),
        (with_stage(name="State"), "field", "renamed", True),
        (with_stage(type="multipleSelects"), "field", "retyped", True),
        (with_stage(options=choices(("sel1", "Won"))), "field", "options", False),
        (with_stage(options=choices(("sel1", "Won"), ("sel2", "Lost"))), "field", "options", False),
        (with_stage(options=choices(("sel1", "Closed"))), "field", "options", True),
        (with_stage(options=choices(("sel2", "Won"))), "field", "options", True),
        (with_stage(description="x"), "field", "described", False),
        (a_table(views=[]), "view", "removed", True),
        (a_table(views=[GRID, GRID.model_copy(update={"id": "viw2"})]), "view", "added", False),
        (a_table(views=[GRID.model_copy(update={"type": "gallery"})]), "view", "retyped", False),
    ],
)
def test_each_difference_is_named_and_judged(after, what, kind, breaking):
    (change,) = changes([a_table()], [after])
    assert (change.what, change.kind, change.breaking) == (what, kind, breaking)
    assert change.reason


def test_a_link_to_another_table_breaks():
    link = NAME.model_copy(update={"type": "multipleRecordLinks", "options": {"linkedTableId": "tbl1"}})
    other = link.model_copy(update={"options": {"linkedTableId": "tbl2"}})
    (change,) = changes([a_table(fields=[link])], [a_table(fields=[other])])
    assert (change.kind, change.breaking) == ("options", True)


def test_a_table_that_comes_or_goes_is_one_difference():
    assert [(one.kind, one.breaking) for one in changes([], [a_table()])] == [("added", False)]
    assert [(one.kind, one.breaking) for one in changes([a_table()], [])] == [("removed", True)]


def test_what_breaks_is_told_first():
    found = changes([a_table()], [a_table(description="x", fields=[NAME])])
    assert [one.breaking for one in found] == [True, False]


def test_the_order_of_fields_is_no_difference():
    assert changes([a_table()], [a_table(fields=[STAGE, NAME])]) == []


def test_the_order_of_fields_and_tables_makes_no_other_fingerprint():
    other = a_table(id="tbl2", name="People")
    assert fingerprint([a_table(), other]) == fingerprint([other, a_table(fields=[STAGE, NAME])])
