"""Formulas made by the grammar itself: each parses, means the same when printed, and ends soon, also when damaged."""

import time
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.lark import from_lark
from lark import Lark

from sandbox.airtable import formula
from sandbox.airtable.formula import EvaluationError, FormulaError, compile_formula, parse, print_formula
from sandbox.airtable.formula.functions import CONSTANTS, FUNCTIONS
from sandbox.airtable.formula.values import Moment
from tests.sandbox.formula.goldens import ADA, TABLE
from tests.sandbox.fuzz import FUZZ_SECONDS

_GRAMMAR = Lark(Path(formula.__file__).with_name("formula.lark").read_text(encoding="utf-8"))
_FIELDS = [field.name for field in TABLE.fields.values()]
_TEXTS = [
    "", "a", "x;y", "2026-01-31", "2026-01-31T09:15:30Z", "1/31/2026", "days", "month", "YYYY-MM-DD", "de",
    "Europe/Berlin", "Monday", "(a+)+$", "[a-z]*", "(?i)A|b", "\\\\d{3}", "$1", "%", "é", "😀", "10", "-1.5",
]  # fmt: skip
_names = st.sampled_from(
    [
        *FUNCTIONS,
        *(name.lower() for name in FUNCTIONS),
        *CONSTANTS,
        *(name for name in _FIELDS if " " not in name),
        "Nope",
    ]
)
_formulas = from_lark(
    _GRAMMAR,
    start="start",
    explicit={
        "__IGNORE_0": st.sampled_from([" ", "\n", " \t"]),
        "NAME": _names,
        "FIELD": st.sampled_from([f"{{{name}}}" for name in _FIELDS] + ["{}", "{\\}}"]),
        "STRING": st.sampled_from([f'"{text}"' for text in _TEXTS] + ["'it\\'s'", '"\\n"']),
        "NUMBER": st.sampled_from(["0", "1", "2.5", ".5", "3", "12", "999999999999999999999", "1" * 310]),
    },
)


@settings(max_examples=10, deadline=2000, database=None, suppress_health_check=list(HealthCheck))
@given(_formulas)
def _whole(text):
    tree = parse(text)
    assert parse(print_formula(tree)) == tree
    try:
        compiled = compile_formula(tree, TABLE)
        value = compiled.evaluate(ADA)
    except (FormulaError, EvaluationError):
        return
    assert isinstance(value, int | float | str | list | Moment | None)
    assert compiled.includes(ADA) in (True, False)


@settings(max_examples=10, deadline=2000, database=None, suppress_health_check=list(HealthCheck))
@given(
    _formulas,
    st.integers(0),
    st.integers(0, 3),
    st.sampled_from(["", "(", ")", "'", '"', "{", "}", ",", "-", "\\", "“"]),
)
def _damaged(text, at, length, instead):
    at %= len(text) + 1
    try:
        compile_formula(parse(text[:at] + instead + text[at + length :]), TABLE).includes(ADA)
    except FormulaError:
        return


def test_formulas_of_the_grammar_neither_crash_nor_take_long():
    """No example may take 2 seconds; `deadline` says so."""
    until = time.monotonic() + FUZZ_SECONDS
    while True:
        _whole()
        _damaged()
        if time.monotonic() > until:
            return


def test_no_shape_of_a_formula_takes_exponential_time():
    """Each nests or repeats as far as a formula may; doubling at every level would never end."""
    for part in ("(", "NOT(", "-", "IF(1,", "{N}+", "{N}&", "{N}=", "SWITCH(1,1,", "REPT('a',", "AND({N},"):
        for times in (10, 100, 180, 2000):
            closing = part.count("(") * times
            text = part * times + "1" + ")" * closing
            try:
                compile_formula(parse(text), TABLE).includes(ADA)
            except FormulaError:
                assert times > 10 or part in ("SWITCH(1,1,", "REPT('a',")
