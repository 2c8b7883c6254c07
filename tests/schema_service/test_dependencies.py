"""What needs what, and what a change reaches."""

from typing import Any

import pytest

from apps.schema_service.domain import UnknownThing, dependencies, impact
from contracts.airtable_connector import Table, TableField
from tests.schema_service.generated.conftest import BASES, Seeded, airtable, base, bases

__all__ = ["airtable", "base", "bases"]

BASE = "appXXXXXXXXXXXXXX"


def a_field(key: str, name: str, type_: str = "number", **options: Any) -> TableField:
    return TableField(id=f"fld{key:0>14}", name=name, type=type_, options=options or None)


def ids(*keys: str) -> list[str]:
    return [f"fld{key:0>14}" for key in keys]


AMOUNT = a_field("1", "Amount")
TAX = a_field("2", "Tax", "formula", formula="{fld00000000000001} * 0.2", referencedFieldIds=ids("1"))
GROSS = a_field("3", "Gross", "formula", formula="{fld00000000000001} + {fld00000000000002}")
BACK = a_field("4", "Customer", "multipleRecordLinks", linkedTableId="tbl2", inverseLinkFieldId="fld00000000000011")
NAME = a_field("10", "Name", "singleLineText")
ORDERS = a_field("11", "Orders", "multipleRecordLinks", linkedTableId="tbl1", inverseLinkFieldId="fld00000000000004")
TOTAL = a_field("12", "Total", "rollup", recordLinkFieldId=ORDERS.id, fieldIdInLinkedTable=GROSS.id)
COUNT = a_field("13", "Order count", "count", recordLinkFieldId=ORDERS.id)
TABLES = [
    Table(id="tbl1", name="Orders", primary_field_id=AMOUNT.id, fields=[AMOUNT, TAX, GROSS, BACK]),
    Table(id="tbl2", name="Customers", primary_field_id=NAME.id, fields=[NAME, ORDERS, TOTAL, COUNT]),
]


def reached(of: str, change: Any) -> dict[str, tuple[str, list[str]]]:
    found = impact(BASE, 1, TABLES, of, change).affected
    return {one.path: (one.effect, one.via) for one in found}


def test_what_a_field_needs_is_found_in_its_formula_and_along_its_links() -> None:
    found = dependencies(BASE, 1, TABLES)
    assert {(one.field, one.on, one.how) for one in found.edges if one.field in (GROSS.id, TOTAL.id, COUNT.id)} == {
        (GROSS.id, AMOUNT.id, "formula"),
        (GROSS.id, TAX.id, "formula"),
        (TOTAL.id, ORDERS.id, "along"),
        (TOTAL.id, GROSS.id, "value"),
        (COUNT.id, ORDERS.id, "along"),
    }
    assert "Customers.Total (rollup)\n  along    Customers.Orders\n  value    Orders.Gross" in found.text


def test_removing_a_field_breaks_what_names_it_and_fails_what_needs_that() -> None:
    found = reached("Orders.Tax", "remove")
    assert found == {
        "Orders.Gross": ("breaks", ["Orders.Tax"]),
        "Customers.Total": ("fails", ["Orders.Gross", "Orders.Tax"]),
    }


def test_each_field_is_told_once_by_its_shortest_way() -> None:
    found = reached(AMOUNT.id, "remove")
    assert found["Orders.Gross"] == ("breaks", ["Orders.Amount"])
    assert found["Customers.Total"] == ("fails", ["Orders.Gross", "Orders.Amount"])
    assert found["Customers.Orders"] == ("recomputed", ["Orders.Amount"])  # links show the primary field
    assert "Customers.Order count" not in found  # it counts the same records


def test_removing_a_link_takes_the_other_side_and_breaks_what_goes_along_it() -> None:
    assert reached("Customers.Orders", "remove") == {
        "Orders.Customer": ("unlinked", ["Customers.Orders"]),
        "Customers.Total": ("breaks", ["Customers.Orders"]),
        "Customers.Order count": ("breaks", ["Customers.Orders"]),
    }


def test_removing_a_table_breaks_what_goes_along_links_to_it() -> None:
    found = reached("Orders", "remove")
    assert found["Customers.Orders"][0] == "unlinked"
    assert found["Customers.Order count"] == ("breaks", ["Customers.Orders", "Orders"])


def test_a_new_type_is_computed_with_and_a_rename_reaches_only_who_uses_names() -> None:
    assert {effect for effect, _ in reached("Orders.Tax", "retype").values()} == {"recomputed"}
    assert reached("Orders.Tax", "rename") == {}
    assert "Programs that call it by its name" in impact(BASE, 1, TABLES, "Orders.Tax", "rename").text


def test_the_text_says_the_way() -> None:
    text = impact(BASE, 1, TABLES, "Orders.Tax", "remove").text
    assert "  Customers.Total (rollup) has no result: Orders.Gross ← Orders.Tax" in text


def test_what_nobody_knows_is_told_with_what_may_have_been_meant() -> None:
    with pytest.raises(UnknownThing, match=r"Did you mean Orders\.Tax\?"):
        impact(BASE, 1, TABLES, "Orders.Tx", "remove")


def test_fields_that_need_each_other_end(bases: dict[str, Seeded]) -> None:
    first = a_field("1", "A", "formula", formula="{fld00000000000002}")
    second = a_field("2", "B", "formula", formula="{fld00000000000001}")
    circle = [Table(id="tbl1", name="T", primary_field_id=first.id, fields=[first, second])]
    assert [one.path for one in impact(BASE, 1, circle, "T.A", "remove").affected] == ["T.B"]


@pytest.mark.parametrize("name", BASES)
def test_every_computed_field_of_a_seeded_base_needs_what_its_options_name(bases: dict[str, Seeded], name: str) -> None:
    base = bases[name]
    found = {(one.field, one.on) for one in dependencies(base.id, 1, base.tables).edges}
    named = {
        (field.id, on)
        for table in base.tables
        for field in table.fields
        for key, on in (field.options or {}).items()
        if key in ("recordLinkFieldId", "fieldIdInLinkedTable", "linkedTableId")
    }
    assert named <= found
    formulas = [field for table in base.tables for field in table.fields if field.type == "formula"]
    assert all(
        (field.id, on) in found for field in formulas for on in (field.options or {}).get("referencedFieldIds", [])
    )
