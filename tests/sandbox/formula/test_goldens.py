"""Every function and operator gives what its table says, with blanks, wrong types and errors among the arguments."""

import pytest

from sandbox.airtable.formula.functions import FUNCTIONS
from tests.sandbox.formula.dates import DATES
from tests.sandbox.formula.goldens import ERROR, run, same
from tests.sandbox.formula.logic_and_arrays import ARRAYS, LOGIC, OPERATORS, RECORD
from tests.sandbox.formula.numbers import NUMBERS
from tests.sandbox.formula.texts import TEXTS

GOLDENS = LOGIC | ARRAYS | RECORD | NUMBERS | TEXTS | DATES
CASES = [case for cases in [*GOLDENS.values(), *OPERATORS.values()] for case in cases]


@pytest.mark.parametrize(("formula", "expected"), CASES)
def test_a_formula_gives_the_value_of_its_golden(formula, expected):
    value = run(formula)
    assert same(value, expected), f"{formula} gave {value!r}"


def test_all_84_functions_have_five_goldens_that_begin_with_a_value():
    assert len(FUNCTIONS) == 84 == len(GOLDENS)
    for name, cases in GOLDENS.items():
        assert name in FUNCTIONS
        assert len(cases) >= 5, name
        assert all(name in formula.upper() for formula, _ in cases), name
        assert cases[0][1] != ERROR or name == "ERROR", name
