"""Regular expressions: they match as Python's do, and no pattern takes longer than its budget."""

import contextlib
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.airtable.formula.regex import compile_regex
from sandbox.airtable.formula.values import EvaluationError

_atoms = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\d", r"\w", r"\b", "^", "$", "(?:)", r"[\d_]", "a|b"])
_patterns = st.recursive(
    _atoms,
    lambda parts: st.one_of(
        st.tuples(parts, parts).map("".join),
        st.tuples(parts, st.sampled_from(["*", "+", "?", "*?", "+?", "??", "{1,2}", "{2}"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
        st.tuples(parts, parts).map("({0[0]})|{0[1]}".format),
    ),
    max_leaves=8,
)


@settings(max_examples=400, deadline=None)
@given(_patterns, st.text("ab1_\n", max_size=10))
def test_a_match_is_where_python_finds_it(pattern, text):
    found = compile_regex(pattern).search(text)
    expected = re.compile(pattern.replace("$", r"\Z"), re.ASCII).search(text)
    assert (found and (found[0], found[1])) == (expected and expected.span())


@pytest.mark.parametrize(
    "pattern", ["(a+)+b", "(a|a)*b", "(a*)*(a*)*b", "a?" * 300 + "a" * 300, "(x+x+)+y", "(.*)(.*)(.*)b"]
)
def test_a_pattern_that_explodes_elsewhere_ends_in_time(pattern):
    started = time.perf_counter()
    with contextlib.suppress(EvaluationError):
        assert compile_regex(pattern).search("a" * 400) is not None or "b" in pattern or "y" in pattern
    assert time.perf_counter() - started < 3


@pytest.mark.parametrize(
    "pattern",
    ["(", "[", "*", "a{1001}", "a" * 1001, "((a{1000}){1000}){1000}", "(?:(?:(?:a{0}){1000}){1000}){1000}", "(?<!a)b",
     "(?P=x)", "(a)(?(1)b|c)", "(?>a)", "a++"],
)  # fmt: skip
def test_what_is_no_pattern_or_too_large_a_one_is_an_error(pattern):
    with pytest.raises(EvaluationError):
        compile_regex(pattern)


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("(?i)É", "é", [0, 1]),
        ("(?i)[^a]", "Ab", [1, 2]),
        ("(?i:a)b", "Ab", [0, 2]),
        ("(?m)^b$", "a\nb\nc", [2, 3]),
        ("(?s).", "\n", [0, 1]),
        (r"\Aa\Z", "a", [0, 1]),
        (r"\B.", "ab", [1, 2]),
        (r"\S\D\W", "a-b- ", [1, 4]),
        (r"[\s]", "a b", [1, 2]),
        ("(?i)[^b]", "bBc", [2, 3]),
        ("(a)|(b)", "b", [0, 1, -1, -1, 0, 1]),
        ("[^a]", "é", [0, 1]),
    ],
)
def test_a_match_has_its_groups(pattern, text, found):
    assert compile_regex(pattern).search(text) == found
