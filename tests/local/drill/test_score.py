"""What counts as right."""

import json
from contextlib import nullcontext

import pytest

from local.drill.faults import Fault
from local.drill.score import as_csv, as_markdown, right_path, summary
from local.drill.trial import Trial, Verdict


def fault(service: str, family: str = "frozen") -> Fault:
    causes = frozenset({"dependency down"} if service else {"none"})
    return Fault(family, "note", service, causes, lambda _: "/", lambda _: nullcontext())


def verdict(service: str, cause: str = "dependency down", *path: tuple[str, str]) -> Verdict:
    return Verdict(service, cause, list(path), "make doctor", lines=7, seconds=0.5)


GUILTY = ("note", "failed")


def test_a_right_and_a_wrong_verdict_are_counted_and_what_nobody_noticed_is_not() -> None:
    guesses = {"grep ERROR": "note", "deepest error span": "other", "longest own time": ""}
    trials = [
        Trial(fault("note"), True, 503, "t", verdict("note", "dependency down", GUILTY), "restored", guesses),
        Trial(fault("note"), True, 503, "t", verdict("other", "code"), "", guesses),
        Trial(fault("note"), True, 503, "t", None, "", guesses),
        Trial(fault("note"), False),
    ]
    numbers = summary(trials)
    assert (numbers["faults"], numbers["not noticed by a user"], numbers["no verdict"]) == (3, 1, 1)
    assert numbers["service Top@1"] == numbers["cause"] == numbers["path"] == 0.333
    assert (numbers["next step, not of code"], numbers["next step restores or narrows"]) == (3, 0.333)
    assert (numbers["Top@1 of grep ERROR"], numbers["Top@1 of longest own time"]) == (1, 0)
    assert "| frozen | 1 / 1 / 3 |" in as_markdown(trials)
    assert len(as_csv(trials).splitlines()) == 1 + 4


def test_whoever_is_named_in_a_healthy_request_is_falsely_accused() -> None:
    trials = [
        Trial(fault("", "healthy"), True, 200, "t", verdict("", "none", ("api-gateway", "ok"))),
        Trial(fault("", "healthy"), True, 200, "t", verdict("note", "slow", GUILTY)),
    ]
    numbers = summary(trials)
    assert (numbers["faults"], numbers["healthy requests"], numbers["false accusations"]) == (0, 2, 0.5)


@pytest.mark.parametrize(
    ("service", "path", "right"),
    [
        ("note", [GUILTY], True),
        ("note", [("note", "slow")], True),
        ("note", [("note", "ok")], False),
        ("note", [("other", "failed")], False),
        ("", [("note", "ok")], True),
        ("", [GUILTY], False),
    ],
)
def test_a_path_is_right_when_it_shows_the_guilty_and_nobody_else_where_nobody_is(
    service: str, path: list[tuple[str, str]], right: bool
) -> None:
    assert right_path(Trial(fault(service), True, 503, "t", verdict(service, "none", *path))) is right


def test_numbers_of_no_trial_are_numbers() -> None:
    assert json.loads(json.dumps(summary([])))["faults"] == 0
