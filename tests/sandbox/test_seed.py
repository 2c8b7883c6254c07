"""The seed format: what it can say, what is refused and where, and that the built-in bases never change."""

import copy
from pathlib import Path

import pytest

from sandbox.airtable.bases import builtin
from sandbox.airtable.seed import InvalidSeed, load, read_seed

TEXT = """
users: [{name: Ada, email: ada@example.com}]
bases:
- name: Shop
  permissionLevel: edit
  tables:
  - name: Orders
    fields:
    - {name: Number, type: autoNumber, description: Never reused}
    - {name: Customer, type: multipleRecordLinks, options: {table: Customers, inverse: Orders, single: true}}
    - {name: Placed, type: dateTime}
    - {name: State, type: singleSelect, options: {choices: [Open, Paid]}}
    - {name: Total, type: currency, options: {precision: 1}}
    views: [{name: Unpaid, filter: "{State} = 'Open'", sort: [{field: Placed, direction: desc}], hidden: [Total]}]
    records:
    - key: first
      createdTime: 2026-01-31T09:15:00.000Z
      createdBy: ada@example.com
      commentCount: 2
      fields: {Customer: [bob], Placed: 2026-01-31T10:00:00Z, State: Open, Total: 12}
    - fields: {Customer: [bob]}
  - name: Customers
    fields:
    - {name: Name, type: singleLineText}
    - {name: Orders, type: multipleRecordLinks, options: {table: Orders, inverse: Customer}}
    - {name: Revenue, type: rollup, options: {link: Orders, field: Total, aggregation: SUM}}
    records: [{key: bob, fields: {Name: Bob}}]
"""


def seed():
    return copy.deepcopy(read_seed(TEXT.encode(), "shop.yaml"))


def test_a_seed_links_by_key_forwards_and_fills_the_inverse():
    (base,) = load(seed())
    orders, customers = base.table("Orders"), base.table("Customers")
    (bob,) = customers.records.values()
    assert customers.field("Orders").value(bob) == list(orders.records)
    assert customers.field("Revenue").value(bob) == 12


def test_a_record_has_its_time_author_and_comments():
    (base,) = load(seed())
    first, second = base.table("Orders").records.values()
    assert (first.created_time, len(first.comments)) == ("2026-01-31T09:15:00.000Z", 2)
    assert base.users[first.created_by]["name"] == "Ada"
    assert (second.created_time, second.auto_number) == ("2026-01-01T00:02:00.000Z", 2)


def test_ids_follow_from_names_and_do_not_depend_on_what_else_is_there():
    (before,) = load(seed())
    changed = seed()
    changed["bases"][0]["tables"][0]["records"].insert(0, {"key": "zero", "fields": {}})
    changed["bases"][0]["tables"][0]["fields"].append({"name": "More", "type": "email"})
    (after,) = load(changed)
    assert before.tables.keys() == after.tables.keys()
    assert before.table("Orders").field("Total").id == after.table("Orders").field("Total").id
    assert next(iter(before.table("Orders").records)) in after.table("Orders").records


def _set(path, value):
    def change(document):
        place = document
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return change


T, T0 = "bases[0].tables[0]", ("bases", 0, "tables", 0)
F, F0 = f"{T}.fields", (*T0, "fields")
R, R0 = f"{T}.records", (*T0, "records")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_set(("bases",), 3), ".bases: must be a list"),
        (_set(("colour",), 3), ".colour: unknown key; known here are bases, oauthClients, tokens, users"),
        (_set(("bases", 0), "x"), "bases[0]: must be a mapping"),
        (_set(("bases", 0, "name"), ""), "bases[0].name: a text is required"),
        (_set(("bases", 0, "id"), "app1"), "bases[0].id: must be app and 14 letters or digits"),
        (_set(("users", 0, "name"), None), "users[0].name: a text is required"),
        (_set((*T0, "name"), "CUSTOMERS"), "bases[0].tables[1].name: two tables have this name or id"),
        (_set((*T0, "fields"), []), T + ".fields: a table needs at least one field"),
        (_set((*T0, "rows"), []), T + ".rows: unknown key"),
        (_set((*F0, 0, "type"), "magic"), F + "[0].type: unknown field type"),
        (_set((*F0, 2, "name"), "Number"), F + "[2].name: two fields have this name"),
        (_set((*F0, 0, "options"), {"a": 1}), F + "[0].options.a: unknown key"),
        (_set((*F0, 1, "options", "table"), "X"), F + "[1].options.table: no such table"),
        (_set((*F0, 1, "options", "inverse"), "Name"), F + "[1].options.inverse: no link"),
        (_set((*F0, 3, "options", "choices", 1), 5), F + "[3].options.choices[1]: must be"),
        (_set((*F0, 4, "options", "precision"), "x"), F + "[4].options.precision: must be like 2"),
        (_set((*F0, 4, "options", "precision"), 99), F + "[4].options.precision: must be from 0 to 8"),
        (_set((*T0, "views", 0, "filter"), "{Nope}"), T + ".views[0].filter: Unknown field names: nope"),
        (_set((*T0, "views", 0, "sort", 0, "field"), "Nope"), T + ".views[0].sort[0].field: no such field"),
        (_set((*T0, "views", 0, "hidden", 0), "Nope"), T + ".views[0].hidden.field: no such field"),
        (_set((*R0, 1, "key"), "first"), R + "[1].key: two records have this key"),
        (_set((*R0, 0, "createdTime"), "today"), R + "[0].createdTime: must look like"),
        (_set((*R0, 0, "createdBy"), "x@y.z"), R + "[0].createdBy: no such user"),
        (_set((*R0, 0, "commentCount"), -1), R + "[0].commentCount: must be a whole"),
        (_set((*R0, 0, "fields", "Nope"), 1), R + "[0].fields.Nope: no such field"),
        (_set((*R0, 0, "fields", "Number"), 1), R + "[0].fields.Number: Field"),
        (_set((*R0, 0, "fields", "Total"), float("inf")), R + "[0].fields.Total: Field"),
        (_set((*R0, 0, "fields", "Customer"), ["eve"]), R + "[0].fields.Customer: Value"),
    ],
)
def test_a_seed_that_is_wrong_is_refused_with_the_place(change, message):
    document = seed()
    change(document)
    with pytest.raises(InvalidSeed) as refused:
        load(document)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"type": "count", "options": {"link": "Name"}}, "options.link: must name a link field"),
        (
            {"type": "rollup", "options": {"link": "Orders", "field": "Total", "aggregation": "MEDIAN"}},
            "aggregation: must be",
        ),
        (
            {"type": "multipleLookupValues", "options": {"link": "Orders", "field": "Nope"}},
            "options.field: must name a field",
        ),
        ({"type": "multipleLookupValues", "options": {"link": "Orders"}}, "options.field: a text is required"),
        ({"type": "formula", "options": {"formula": "IF(1)"}}, "formula: Invalid formula. Please check"),
        ({"type": "formula", "options": {"formula": "IF(1"}}, "formula: Invalid formula. Please check"),
        ({"type": "formula", "options": {"formula": "{Nope}"}}, "formula: Unknown field names: nope"),
        ({"type": "formula", "options": {"formula": "{Extra} = 1"}}, "formula: a formula may not follow from itself"),
        (
            {"type": "lastModifiedTime", "options": {"fields": ["Name", "Revenue"]}},
            "options.fields: must name fields of this table that are not computed",
        ),
        (
            {"type": "rollup", "options": {"link": "Orders", "field": "Total", "aggregation": "SUM({Total})"}},
            "aggregation: Unknown field names: total",
        ),
        (
            {"type": "multipleRecordLinks", "options": {"table": "Orders", "inverse": "Customer"}},
            "options.inverse: Customer must",
        ),
    ],
)
def test_a_computed_field_that_cannot_be_computed_is_refused(options, message):
    document = seed()
    document["bases"][0]["tables"][1]["fields"].append({"name": "Extra", **options})
    with pytest.raises(InvalidSeed, match=message) as refused:
        load(document)
    assert str(refused.value).startswith("bases[0].tables[1].fields[3].")


def test_the_base_of_pyairtables_own_tests_is_one():
    content = (Path(__file__).parent / "pyairtables_own_tests/seed.yaml").read_bytes()
    (base,) = load(read_seed(content, "seed.yaml"))
    assert base.id == "appaPqizdsNHDvlEm"


def test_two_bases_of_one_name_are_refused():
    document = seed()
    document["bases"] *= 2
    with pytest.raises(InvalidSeed, match="two have the same id or name"):
        load(document)


def test_the_built_in_bases_are_the_same_at_every_start():
    first, second = load(builtin()), load(builtin())
    assert [base.id for base in first] == ["appTlA0ueZLdIbcSi", "appiuvdNyhNNREISS", "appRvG2wUGZUxyAF4"]
    for one, other in zip(first, second, strict=True):
        for table in one.tables.values():
            again = other.tables[table.id]
            assert [(each.id, each.cells) for each in table.records.values()] == [
                (each.id, each.cells) for each in again.records.values()
            ]


def test_there_are_enough_records_and_a_table_that_needs_cleaning():
    bases = {base.name: base for base in load(builtin())}
    assert sum(len(table.records) for base in bases.values() for table in base.tables.values()) >= 2000
    leads = bases["CRM"].table("Lead import")
    rows = [{field.name: field.value(record) for field in leads.fields.values()} for record in leads.records.values()]
    addresses = [row["Email"].strip().lower() for row in rows if row["Email"]]
    assert len(addresses) - len(set(addresses)) >= 20
    for column in ("Name", "Email", "Phone", "Company", "Signed up", "Deal size", "Source"):
        assert any(row[column] is None for row in rows)
    assert any("@" not in address for address in addresses)
    assert "2024-02-30" in {row["Signed up"] for row in rows}


@pytest.mark.parametrize(
    ("wrong", "line", "message"),
    [
        (("permissionLevel: edit", "permissionLevel: [edit]"), 5, "bases[0].permissionLevel: must be a text"),
        (("type: autoNumber", "type: magic"), 9, "bases[0].tables[0].fields[0].type: unknown field type"),
        (("table: Customers, inverse", "table: Nobody, inverse"), 10, "fields[1].options.table: no such table"),
        (("{State} = 'Open'", "{Stat} = 'Open'"), 14, "views[0].filter: Unknown field names: stat"),
        (("commentCount: 2", "commentCount: many"), 19, "records[0].commentCount: must be a whole number"),
        (("- fields: {Customer: [bob]}", "- fields: {Customer: [eve]}"), 21, "records[1].fields.Customer: "),
        (("aggregation: SUM", "aggregation: MEDIAN"), 26, "fields[2].options.aggregation: must be one of"),
        (("users: [{name: Ada,", "users: [{name: 7,"), 2, "users[0].name: a text is required"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(wrong, line, message):
    before, after = wrong
    assert before in TEXT
    with pytest.raises(InvalidSeed) as refused:
        load(read_seed(TEXT.replace(before, after).encode(), "shop.yaml"))
    assert message in str(refused.value)
    assert str(refused.value).endswith(f"(line {line})")


def test_aliases_that_stand_for_more_than_fits_into_memory_are_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 20)]
    with pytest.raises(InvalidSeed, match="bomb, line 2: an alias"):
        read_seed("\n".join(lines).encode(), "bomb")
    assert read_seed(b"bases: []  # 2 * 3", "seed") == {"bases": []}


@pytest.mark.parametrize(
    "text", ["bases: [", "- a", "", "bases: {a: !!python/object:os.system x}", "\x00", "a: &a [*a]"]
)
def test_a_text_that_is_no_seed_is_refused_with_its_name(text):
    with pytest.raises(InvalidSeed, match=r"^shop\.yaml"):
        read_seed(text.encode(), "shop.yaml")


AI = {"name": "Summary", "type": "aiText"}


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("short", {"state": "generated", "isStale": False, "value": "short"}),
        *(
            (value, value)
            for value in (
                {"state": "generated", "isStale": True, "value": "old"},
                {"state": "empty", "isStale": False, "value": None},
                {"state": "loading", "isStale": True, "value": "old"},
                {"state": "error", "isStale": False, "value": None, "errorType": "emptyDependency"},
            )
        ),
    ],
)
def test_a_generated_text_is_shown_in_the_state_it_has(cell, shown):
    document = seed()
    document["bases"][0]["tables"][0]["fields"].append(AI)
    document["bases"][0]["tables"][0]["records"][0]["fields"]["Summary"] = cell
    (base,) = load(document)
    table = base.table("Orders")
    field, record = table.field("Summary"), next(iter(table.records.values()))
    assert field.type.json(field.value(record), field) == shown
    assert field.type.text(field.value(record), field) == (shown["value"] or "")


@pytest.mark.parametrize(
    "cell",
    [
        7,
        {"state": "written", "isStale": False, "value": "x"},
        {"state": "generated", "value": "x"},
        {"state": "generated", "isStale": False, "value": 7},
        {"state": "error", "isStale": False, "value": None},
        {"state": "empty", "isStale": False, "value": None, "errorType": "x"},
    ],
)
def test_a_generated_text_in_no_state_is_refused(cell):
    document = seed()
    document["bases"][0]["tables"][0]["fields"].append(AI)
    document["bases"][0]["tables"][0]["records"][0]["fields"]["Summary"] = cell
    with pytest.raises(InvalidSeed, match="Summary"):
        load(document)
