"""The slim view: small, and everything is in it."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.schema_service.domain.slim import NotSlim, expand, outline, slim, tokens
from contracts.airtable_connector import Table, TableField
from tests.schema_service.generated.conftest import BASES, Seeded, airtable, base, bases

__all__ = ["airtable", "base", "bases"]


def test_a_slim_view_expands_to_every_table_field_type_option_and_link(base: Seeded) -> None:
    expanded = expand(slim(base.tables))
    assert expanded == outline(base.tables)
    names = {table.id: table.name for table in base.tables}
    assert [table.name for table in expanded] == list(names.values())
    for table, told in zip(base.tables, expanded, strict=True):
        assert told.fields[0].name == next(one.name for one in table.fields if one.id == table.primary_field_id)
        found = {field.name: field for field in told.fields}
        assert len(found) == len(table.fields)
        calls = {field.id: field.name for each in base.tables for field in each.fields}
        for field in table.fields:
            options = field.options or {}
            assert (found[field.name].type, found[field.name].description) == (field.type, field.description)
            assert found[field.name].options.get("choices", []) == [one["name"] for one in options.get("choices", [])]
            for key, says in [
                ("linkedTableId", names), ("inverseLinkFieldId", calls), ("recordLinkFieldId", calls),
                ("fieldIdInLinkedTable", calls),
            ]:  # fmt: skip
                if key in options:
                    assert says[options[key]] in found[field.name].options.values()
            for key in ("precision", "symbol", "max", "durationFormat", "dateFormat", "timeFormat", "timeZone"):
                assert found[field.name].options.get(key) == options.get(key)


@pytest.mark.parametrize("name", BASES[:3])
def test_a_slim_view_is_a_tenth_of_the_tokens_or_less(bases: dict[str, Seeded], name: str) -> None:
    tables = bases[name].tables
    whole = "".join(table.model_dump_json(exclude_none=True) for table in tables)
    assert tokens(slim(tables)) * 10 <= tokens(whole)


def test_nothing_is_left_of_ids(base: Seeded) -> None:
    assert not re.search(r"\b(tbl|fld|sel|viw)[A-Za-z0-9]{14}\b", slim(base.tables))


SYMBOLS = ["$", "€", "CHF", "kr.", "%", ""]
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
OPTIONS = st.one_of(
    st.tuples(st.just("number"), st.fixed_dictionaries({"precision": st.integers(0, 8)})),
    st.tuples(
        st.just("currency"),
        st.fixed_dictionaries({"precision": st.integers(0, 7), "symbol": st.sampled_from(SYMBOLS)}),
    ),
    st.tuples(
        st.sampled_from(["singleSelect", "multipleSelects"]),
        st.lists(NAMES, max_size=4, unique=True).map(
            lambda names: {"choices": [{"id": f"sel{n}", "name": name} for n, name in enumerate(names)]}
        ),
    ),
    st.tuples(
        st.just("formula"), st.fixed_dictionaries({"formula": st.text(max_size=20), "result": st.just({"type": "url"})})
    ),
    st.tuples(st.just("date"), st.sampled_from(["iso", "local", "odd"]).map(lambda n: {"dateFormat": {"name": n}})),
    st.tuples(st.sampled_from(["checkbox", "newType"]), st.sampled_from([{}, {"color": "red"}, {"a": {"b": [1]}}])),
    st.tuples(
        st.just("multipleRecordLinks"),
        st.fixed_dictionaries({"linkedTableId": st.sampled_from(["tbl0", "tbl1"])}, optional={
            "prefersSingleRecordLink": st.booleans(), "inverseLinkFieldId": st.sampled_from(["fld0", "fld5"]),
            "isReversed": st.booleans(),
        }),
    ),
    st.tuples(
        st.just("multipleLookupValues"),
        st.fixed_dictionaries({
            "recordLinkFieldId": st.sampled_from(["fld0", "fld1"]),
            "fieldIdInLinkedTable": st.sampled_from(["fld0", "fld1", "fld5"]),
        }, optional={"result": st.sampled_from([{"type": "number", "options": {"precision": 1}}, None])}),
    ),
)  # fmt: skip


@st.composite
def schemas(draw: st.DrawFn) -> list[Table]:
    tables = []
    for name in draw(st.lists(NAMES, min_size=1, max_size=2, unique=True)):
        given_fields = draw(st.lists(st.tuples(NAMES, OPTIONS), min_size=1, max_size=5, unique_by=lambda one: one[0]))
        first = 5 * len(tables)
        fields = [
            TableField(id=f"fld{first + at}", name=called, type=type_, options=options)
            for at, (called, (type_, options)) in enumerate(given_fields)
        ]
        about = draw(st.one_of(st.none(), st.text(min_size=1, max_size=10)))
        tables.append(
            Table(id=f"tbl{len(tables)}", name=name, primary_field_id=fields[0].id, fields=fields, description=about)
        )
    return tables


@given(schemas())
@settings(max_examples=300, deadline=None)
def test_whatever_things_are_called_a_slim_view_expands_to_its_outline(tables: list[Table]) -> None:
    assert expand(slim(tables)) == outline(tables)


def test_a_lookup_that_looks_itself_up_says_what_it_gives() -> None:
    result = {"type": "number", "options": {"precision": 1}}
    looks = {"recordLinkFieldId": "fld1", "fieldIdInLinkedTable": "fld0", "result": result}
    fields = [
        TableField(id="fld0", name="Itself", type="multipleLookupValues", options=looks),
        TableField(id="fld1", name="Link", type="multipleRecordLinks", options={"linkedTableId": "tbl0"}),
    ]
    tables = [Table(id="tbl0", name="Only", primary_field_id="fld0", fields=fields)]
    assert expand(slim(tables)) == outline(tables)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Name", "a table begins with"),
        ("# Deals\nName:nothing", "Line 2, `Name:nothing`: no type is called nothing"),
        ('# Deals\n"Name', "Line 2"),
        ("# Deals\n|", "a name is needed"),
        ("# Deals\nStage=Lead||", "a name is needed"),
        ("# Deals\nSum~", "a name is needed"),
        ("# Deals # Deals", "is not understood"),
        ("# Deals\nA:num" + "[" * 100_000, "Line 2"),
        ("# Deals\nA:" + "[" * 9, "no type"),
        ("# Deals\nA:formula" + '{"a":' * 20_000, "Line 2"),
    ],
)
def test_what_is_no_slim_view_is_told_by_its_line(text: str, says: str) -> None:
    with pytest.raises(NotSlim) as refused:
        expand(text)
    assert says in str(refused.value)
