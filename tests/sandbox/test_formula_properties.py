"""What holds for every formula: printing keeps its meaning, evaluation agrees with Python, nothing crashes."""

import contextlib
import string

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.airtable.formula import EvaluationError, FormulaError, compile_formula, parse, print_formula
from sandbox.airtable.formula.functions import FUNCTIONS, Takes
from sandbox.airtable.formula.nodes import Binary, Call, FieldName, Negative, Number, Text
from sandbox.airtable.formula.values import Moment
from sandbox.airtable.seed import load

_texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
_numbers = st.one_of(
    st.integers(0, 10**12).map(str), st.decimals(0, 10**6, places=3, allow_nan=False).map(lambda number: f"{number:f}")
)
_leaves = st.one_of(
    _numbers.map(Number),
    _texts.map(Text),
    _texts.map(FieldName),
    st.sampled_from(["TRUE", "FALSE", "BLANK", "RECORD_ID", "NOW"]).map(lambda name: Call(name, ())),
)
_operators = st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "&", "+", "-", "*", "/"])
_names = st.sampled_from([*sorted(FUNCTIONS), "NOSUCH"])
_trees = st.recursive(
    _leaves,
    lambda parts: st.one_of(
        st.builds(Binary, _operators, parts, parts),
        st.builds(Negative, parts),
        st.builds(Call, _names, st.lists(parts, min_size=1, max_size=4).map(tuple)),
    ),
    max_leaves=20,
)
_tokens = st.sampled_from(
    [*"(),{}=<>!&+-*/'\"\\. \n", "AND", "OR(", "NOT(", "{A}", "B", "TRUE()", "1", "2.5", "'x'", "{", "é", "“"]
)

(_BASE,) = load(
    {
        "bases": [
            {
                "name": "B",
                "tables": [
                    {
                        "name": "T",
                        "fields": [{"name": name, "type": "number"} for name in "AB"]
                        + [{"name": name, "type": "singleLineText"} for name in "XY"],
                        "records": [{"fields": {"A": 3, "X": "m"}}],
                    }
                ],
            }
        ]
    }
)
_TABLE = _BASE.tables[next(iter(_BASE.tables))]
(_RECORD,) = _TABLE.records.values()


@settings(max_examples=150, deadline=None)
@given(_trees)
def test_parsing_what_was_printed_gives_the_same_tree(tree):
    assert parse(print_formula(tree)) == tree


@settings(max_examples=300, deadline=None)
@given(st.lists(_tokens, max_size=30).map("".join))
def test_any_text_is_a_formula_or_is_refused(text):
    with contextlib.suppress(FormulaError):
        assert compile_formula(parse(text), _TABLE).includes(_RECORD) in (True, False)


@settings(max_examples=100, deadline=None)
@given(st.text(string.printable, max_size=200))
def test_any_printable_text_is_a_formula_or_is_refused(text):
    with contextlib.suppress(FormulaError):
        assert parse(text).depth >= 1


@st.composite
def _calls(draw, depth=3):
    """Calls with as many arguments as the functions take, so that they are evaluated and not only refused."""
    if depth == 0:
        return draw(_operands)
    name = draw(st.sampled_from(sorted(FUNCTIONS)))
    function = FUNCTIONS[name]
    most = function.least + 2 if function.most is None else function.most
    count = draw(st.integers(function.least, most))
    argument = _fields if function.takes is Takes.FIELDS else _calls(draw(st.integers(0, depth - 1)))
    call = f"{name}({','.join(draw(argument) for _ in range(count))})"
    return draw(st.sampled_from(["{}", "-{}", "{}&'x'", "{}+1", "1/{}", "{}<{{X}}", "{}='2026-01-31'"])).format(call)


_fields = st.sampled_from(["{A}", "{B}", "{X}", "{Y}"])
_operands = st.one_of(
    _fields,
    st.sampled_from(["''", "'day'", "'2026-01-31'", "'9999-12-31'", "'a(b+'", "'YYYY'", "0"]),
    st.floats(-1e18, 1e18).map(lambda value: f"({value:f})"),
    st.integers(-400, 400).map("({})".format),
    _texts.map(lambda value: print_formula(Text(value))),
)


@settings(max_examples=600, deadline=2000)
@given(_calls())
def test_every_call_gives_a_value_or_an_error_in_time(text):
    compiled = compile_formula(parse(text), _TABLE)
    try:
        value = compiled.evaluate(_RECORD)
    except EvaluationError:
        return
    assert isinstance(value, int | float | str | list | Moment | None)
    assert compiled.includes(_RECORD) in (True, False)


_PYTHON = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_comparisons = st.one_of(
    st.tuples(
        st.sampled_from(["A", "B", "-2", "0", "3", "7.5"]),
        st.sampled_from(sorted(_PYTHON)),
        st.sampled_from(["A", "B", "3"]),
    ),
    st.tuples(
        st.sampled_from(["X", "Y", "'m'", "'z'"]), st.sampled_from(sorted(_PYTHON)), st.sampled_from(["X", "Y", "'m'"])
    ),
)


@st.composite
def _conditions(draw, depth=3):
    """The same condition as a formula and as Python over a record with A=3, X='m' and B, Y blank."""
    kind = draw(st.sampled_from(["compare", "AND", "OR", "NOT"])) if depth else "compare"
    if kind == "compare":
        left, sign, right = draw(_comparisons)
        return f"{left}{sign}{right}", f"({left} {_PYTHON[sign]} {right})"
    parts = [draw(_conditions(depth - 1)) for _ in range(1 if kind == "NOT" else draw(st.integers(1, 3)))]
    python = {"AND": " and ", "OR": " or ", "NOT": ""}[kind].join(part for _, part in parts)
    return f"{kind}({','.join(part for part, _ in parts)})", f"({'not ' if kind == 'NOT' else ''}{python})"


@settings(max_examples=200, deadline=None)
@given(_conditions())
def test_conditions_over_numbers_and_texts_agree_with_python(condition):
    formula, python = condition
    expected = eval(python, {"A": 3, "B": 0, "X": "m", "Y": ""})
    assert compile_formula(parse(formula), _TABLE).includes(_RECORD) is expected
