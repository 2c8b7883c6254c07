"""Filters and their formulas: one says what the other says, whatever is in names and values."""

from hypothesis import given
from hypothesis import strategies as st

from apps.airtable_connector.domain import filters
from contracts.airtable_connector.filters import FILTER, Filter

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
values = st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(max_size=20)
values |= st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15)
compares = st.fixed_dictionaries(
    {"field": names, "op": st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge"]), "value": values}
)
contains = st.fixed_dictionaries({"field": names, "op": st.just("contains"), "value": names})
moments = st.fixed_dictionaries(
    {
        "field": names,
        "op": st.sampled_from(["before", "after"]),
        "value": st.dates().map(str) | st.datetimes().map(lambda one: f"{one:%Y-%m-%dT%H:%M:%S}Z".rjust(20, "0")),
    }
)
records = st.just({"record": "recAAAAAAAAAAAAAA"})
trees = st.recursive(
    compares | contains | moments | records,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(lambda some: {"and": some})
        | st.lists(inner, min_size=1, max_size=3).map(lambda some: {"or": some})
        | inner.map(lambda one: {"not": one})
    ),
    max_leaves=8,
)


@given(trees)
def test_a_filter_is_what_its_formula_is_read_as(tree: dict[str, object]) -> None:
    one: Filter = FILTER.validate_python(tree)
    assert filters.parse(filters.render(one)) == one


def test_what_a_caller_wrote_stays_within_its_quotes() -> None:
    asked = '{"field": "Na}me", "op": "eq", "value": "\') , TRUE() \\\\"}'
    assert filters.formula_of(asked) == r"{Na\}me}='\') , TRUE() \\'"


def test_a_formula_stays_as_it_is() -> None:
    assert filters.formula_of("{Name} = 'x'") == "{Name} = 'x'"


def test_field_ids_become_names_outside_of_texts_only() -> None:
    names = {"fldAAAAAAAAAAAAAA": "It's }"}
    formula = "AND({fldAAAAAAAAAAAAAA}='{fldAAAAAAAAAAAAAA}', fldAAAAAAAAAAAAAA, {fldBBBBBBBBBBBBBB})"
    named = r"AND({It's \}}='{fldAAAAAAAAAAAAAA}', {It's \}}, {fldBBBBBBBBBBBBBB})"
    assert filters.with_names(formula, names) == named
