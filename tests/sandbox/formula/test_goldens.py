"""Every function and operator gives what its table says, with blanks, wrong types and errors among the arguments."""

import pytest

from sandbox.airtable.formula.functions import FUNCTIONS
from tests.sandbox.formula.dates import DATES
from tests.sandbox.formula.goldens import ERROR, run, same
from tests.sandbox.formula.logic_and_arrays import ARRAYS, LOGIC, OPERATORS, RECORD
from tests.sandbox.formula.numbers import NUMBERS
from tests.sandbox.formula.sources import SOURCE, UNVERIFIED, source_of
from tests.sandbox.formula.texts import TEXTS

GOLDENS = LOGIC | ARRAYS | RECORD | NUMBERS | TEXTS | DATES
CASES = [case for cases in [*GOLDENS.values(), *OPERATORS.values()] for case in cases]


@pytest.mark.parametrize(("formula", "expected"), CASES)
def test_a_formula_gives_the_value_of_its_golden(formula, expected):
    """Of the record `goldens.ADA`. So a golden that shows a value never gives an error."""
    value = run(formula)
    assert same(value, expected), f"{formula} gave {value!r}, {source_of(formula)}"


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_function_has_at_least_five_goldens_that_show_a_value(name):
    cases = GOLDENS[name]
    shown = {formula for formula, value in cases if value != ERROR}
    assert len(shown) >= 5
    assert len({formula for formula, _ in cases}) == len(cases)
    assert all(name in formula.upper() for formula, _ in cases)


def test_there_are_84_functions_each_with_a_golden_that_has_a_source():
    assert len(FUNCTIONS) == 84 == len(GOLDENS)
    formulas = {formula for formula, _ in CASES}
    assert not set(SOURCE) - formulas
    for name, cases in GOLDENS.items():
        assert any(source_of(formula) != UNVERIFIED for formula, _ in cases), name
