"""Formula, rollup and lookup fields that follow from each other: their values, their order, and what is refused."""

import copy
import time

import pytest

from sandbox.airtable.change import Author, delete
from sandbox.airtable.clock import Clock
from sandbox.airtable.ids import Ids
from sandbox.airtable.seed import OWNER, InvalidSeed, load

SEED = {
    "bases": [
        {
            "name": "Shop",
            "tables": [
                {
                    "name": "Orders",
                    "fields": [
                        {"name": "Label", "type": "formula", "options": {"formula": "{Item}&' x'&{Count}"}},
                        {"name": "Item", "type": "singleLineText"},
                        {"name": "Count", "type": "number"},
                        {"name": "Price", "type": "number", "options": {"precision": 2}},
                        {"name": "Double", "type": "formula", "options": {"formula": "{Total}*2"}},
                        {"name": "Total", "type": "formula", "options": {"formula": "{Count}*{Price}"}},
                        {"name": "Each", "type": "formula", "options": {"formula": "{Price}/{Count}"}},
                        {"name": "Customer", "type": "multipleRecordLinks", "options": {"table": "Customers"}},
                    ],
                    "records": [
                        {"key": "a", "fields": {"Item": "Pen", "Count": 2, "Price": 1.5}},
                        {"key": "b", "fields": {"Item": "Ink", "Count": 0, "Price": 4}},
                    ],
                },
                {
                    "name": "Customers",
                    "fields": [
                        {"name": "Name", "type": "singleLineText"},
                        {"name": "Orders", "type": "multipleRecordLinks", "options": {"table": "Orders"}},
                    ],
                    "records": [{"key": "ada", "fields": {"Name": "Ada", "Orders": ["a", "b"]}}, {"fields": {}}],
                },
            ],
        }
    ]
}


def along(kind, field, **more):
    return {"name": "Extra", "type": kind, "options": {"link": "Orders", "field": field, **more}}


def formula(text, name="Extra"):
    return {"name": name, "type": "formula", "options": {"formula": text}}


def customers(*fields):
    document = copy.deepcopy(SEED)
    document["bases"][0]["tables"][1]["fields"] += fields
    (base,) = load(document)
    return base.table("Customers")


def cell(table, name="Extra", at=0):
    field, record = table.field(name), list(table.records.values())[at]
    value = field.value(record)
    return None if value is None else field.type.json(value, field)


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        (along("multipleLookupValues", "Label"), ["Pen x2", "Ink x0"]),
        (along("multipleLookupValues", "Each"), [0.75, {"specialValue": "Infinity"}]),
        (along("rollup", "Double", aggregation="SUM"), 6),
        (along("rollup", "Each", aggregation="MAX"), {"specialValue": "Infinity"}),
        (along("rollup", "Label", aggregation="ARRAYJOIN(values, '; ')"), "Pen x2; Ink x0"),
        (along("rollup", "Total", aggregation="IF(SUM(values) > 2, 'big', 'small')"), "big"),
        (along("rollup", "Label", aggregation="ARRAYUNIQUE"), ["Pen x2", "Ink x0"]),
        (along("rollup", "Item", aggregation="SUM(values) + 'x'"), {"error": "#ERROR!"}),
        (formula("{Orders}"), "Pen x2, Ink x0"),
        (formula("0/0"), {"specialValue": "NaN"}),
        (formula("ERROR()"), {"error": "#ERROR!"}),
        (formula("DATETIME_PARSE('2026-01-31 10:00')"), "2026-01-31T10:00:00.000Z"),
        (formula("IF({Name}, 1, 'none')"), "1"),
        (formula("IF({Name}, 1, BLANK())"), 1),
        (formula("1.0*36"), 36),
    ],
)
def test_a_derived_field_shows_what_follows_from_the_others(field, shown):
    assert cell(customers(field)) == shown


@pytest.mark.parametrize(
    ("field", "result"),
    [
        (formula("1"), "number"),
        (formula("'a'"), "singleLineText"),
        (formula("NOW()"), "dateTime"),
        (formula("IF(1, 2, 'x')"), "singleLineText"),
        (formula("SWITCH(1, 1, NOW(), 2, TODAY())"), "dateTime"),
        (formula("SWITCH(1, 1, NOW(), 2)"), "singleLineText"),
        (formula("MAX(TODAY(), NOW())"), "dateTime"),
        (along("rollup", "Total", aggregation="SUM"), "number"),
        (along("multipleLookupValues", "Total"), "number"),
        (along("multipleLookupValues", "Customer"), "multipleRecordLinks"),
    ],
)
def test_the_metadata_tell_what_kind_of_value_it_is(field, result):
    assert customers(field).field("Extra").options["result"]["type"] == result


def test_an_error_goes_through_every_field_that_uses_it_until_iserror():
    table = customers(formula("ERROR()", "A"), formula("{A}&'x'", "B"), formula("IF(ISERROR({B}), 'caught')", "C"))
    assert [cell(table, name) for name in "ABC"] == [{"error": "#ERROR!"}, {"error": "#ERROR!"}, "caught"]
    field = table.field("B")
    assert field.type.text(field.value(next(iter(table.records.values()))), field) == "#ERROR!"


@pytest.mark.parametrize(
    "fields",
    [
        [formula("{Extra}")],
        [formula("{B}", "A"), formula("{A}", "B")],
        [formula("{B}", "A"), formula("{C}", "B"), along("rollup", "Loop", aggregation="SUM") | {"name": "C"}],
    ],
)
def test_a_field_that_follows_from_itself_is_refused(fields):
    document = copy.deepcopy(SEED)
    orders, others = document["bases"][0]["tables"]
    others["fields"] += fields
    back = {"link": "Customer", "field": fields[0]["name"]}
    orders["fields"].append({"name": "Loop", "type": "multipleLookupValues", "options": back})
    with pytest.raises(InvalidSeed, match="follow"):
        load(document)


def test_a_chain_of_fields_has_a_limit_and_is_never_a_crash():
    def chain(length):
        return [formula(f"{{F{at - 1}}}+{{F{at - 1}}}" if at else "1", f"F{at}") for at in range(length)]

    table = customers(*chain(30))
    started = time.perf_counter()
    assert cell(table, "F29") == 2**29
    assert time.perf_counter() - started < 1
    with pytest.raises(InvalidSeed, match="too long a chain"):
        customers(*chain(1000))


def test_what_depends_on_the_time_changes_with_the_clock_and_the_rest_with_writes():
    table = customers(formula("DATETIME_DIFF(NOW(), '2026-01-01', 'days')"))
    table.base.clock.freeze(1_767_225_600)
    assert cell(table) == 0
    table.base.clock.advance(3 * 86_400)
    assert cell(table) == 3


def test_formula_fields_sort_errors_first_then_numbers_dates_and_texts():
    table = customers(formula("1"))
    field = table.field("Extra")
    keys = [
        field.type.order(value, field) for value in (field.value(next(iter(table.records.values()))), 2.5, "a", "B")
    ]
    assert keys == sorted(keys)


def test_a_deleted_record_changes_the_records_that_link_to_it_and_what_follows():
    table = customers(along("multipleLookupValues", "Item"))
    orders, events = table.base.table("Orders"), []
    table.base.watchers.append(events.append)
    assert cell(table) == ["Pen", "Ink"]
    pen = next(iter(orders.records.values()))
    delete(orders, [pen], Author(OWNER["id"], Clock(), Ids()))
    assert cell(table) == ["Ink"]
    (event,) = events
    assert event.destroyed == {orders.id: [pen.id]}
    assert list(event.before[table.id]) == [next(iter(table.records))]


def test_a_formula_over_the_api_is_listed_filtered_and_sorted(client):
    path = client.path("Projects", "Projects")
    listed = client.get(path, filterByFormula="{Spent}/{Budget} > 0.5", **{"sort[0][field]": "Over budget"})["records"]
    assert listed
    assert all(record["fields"]["Spent"] / record["fields"]["Budget"] > 0.5 for record in listed)
    assert [record["fields"]["Over budget"] for record in listed] == sorted(
        record["fields"]["Over budget"] for record in listed
    )
