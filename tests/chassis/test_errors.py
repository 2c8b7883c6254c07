"""One class a code, declared right, never claimed twice."""

import re

import pytest

from chassis import AppError, PeerProblem, segment
from chassis._peer import _query


def test_every_error_of_the_chassis_is_declared_in_full():
    registry = AppError.registry("chassis.")
    assert len(registry) > 20
    for code, error in registry.items():
        assert re.fullmatch(r"[a-z]+(\.[a-z]+(-[a-z]+)*)", code)
        assert 400 <= error.status < 600
        assert error.title
    assert "platform.internal" in registry


def test_a_code_claimed_twice_is_found():
    def claim():
        class First(AppError):
            code = "test.claimed-twice"
            __module__ = "test_errors_claims"

        class Second(AppError):
            code = "test.claimed-twice"
            __module__ = "test_errors_claims"

        return First, Second

    kept = claim()
    with pytest.raises(TypeError, match=r"both claim the code test\.claimed-twice"):
        AppError.registry("test_errors_claims")
    assert kept


def test_a_fault_that_is_none_of_the_five_is_refused():
    with pytest.raises(TypeError, match="not one of"):
        type("Odd", (AppError,), {"fault": "nobody"})


def test_a_peers_problem_that_is_no_problem_document_is_still_told():
    error = PeerProblem(502, {"fault": "gods", "errors": ["x"]}, peer="x-service", headers={"retry-after": "3"})
    assert (error.code, error.status, error.fault, error.service) == ("platform.internal", 502, "platform", "x-service")
    assert error.headers == {"retry-after": "3"}
    assert error.detail == "x-service answered 502"


@pytest.mark.parametrize(
    ("value", "quoted"),
    [("a/b", "a%2Fb"), ("..", "%2E%2E"), (".", "%2E"), ("100 %", "100%20%25"), ("a?b#c", "a%3Fb%23c"), ("ä", "%C3%A4")],
)
def test_a_segment_stays_one_segment(value, quoted):
    assert segment(value) == quoted


def test_parameters_that_are_none_are_left_out_and_lists_repeat():
    assert _query({"a": None, "b": [1, 2], "c": True, "d": "x y&z"}) == "?b=1&b=2&c=true&d=x+y%26z"
    assert _query({"a": None}) == ""
