"""What a summary is."""

from apps.example_service.domain import summarise
from contracts.airtable_connector import Table, TableField


def a_table(name: str, fields: int) -> Table:
    field = TableField(id="fld1", name="Name", type="singleLineText")
    return Table(id="tbl1", name=name, primary_field_id=field.id, fields=[field] * fields)


def test_only_the_widest_tables_are_named_and_all_are_counted():
    summary = summarise("app1", [a_table("A", 1), a_table("B", 3), a_table("C", 2)], widest=2)
    assert (summary.tables, summary.fields) == (3, 6)
    assert [size.name for size in summary.widest or []] == ["B", "C"]


def test_tables_as_wide_as_each_other_are_named_in_the_order_of_their_names():
    summary = summarise("app1", [a_table("B", 1), a_table("A", 1)], widest=2)
    assert [size.name for size in summary.widest or []] == ["A", "B"]


def test_a_base_without_tables_is_empty():
    summary = summarise("app1", [], widest=3)
    assert (summary.base, summary.tables, summary.fields, summary.widest) == ("app1", 0, 0, [])
