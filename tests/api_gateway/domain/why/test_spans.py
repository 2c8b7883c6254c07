"""What `why` says when it has the spans of the request too."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from apps.api_gateway.domain.why.evidence import Evidence, Probe
from apps.api_gateway.domain.why.judge import judge
from apps.api_gateway.domain.why.spans import told_by
from apps.api_gateway.domain.why.text import MAX_LINES, render
from contracts.analytics_service import Findings, Span, Stretch, Trace

from .test_judge import AT, CONNECTOR, an_exchange, failed

GATEWAY = Stretch(service="api-gateway", name="GET /v0", spent="own", own_ms=4)


def spent(how: str, on: str | None = None, service: str = CONNECTOR, own: float = 2_000, **facts) -> Stretch:
    return Stretch(service=service, name="GET /records", spent=how, on=on, own_ms=own, **facts)


def traced(*way: Stretch, status: int = 200, missing: int = 0, **found) -> Trace:
    entrance = Span(
        id="1", service="api-gateway", name="GET /v0", kind="server", started=datetime.fromtimestamp(AT, UTC),
        duration_ms=2_500, own_ms=4, error=None if status < 400 else "platform.internal", failed=status >= 500,
        attributes={"http.response.status_code": status, "http.request.method": "GET", "url.path": "/v0/appX/T"},
    )  # fmt: skip
    return Trace(
        trace_id="t" * 32, name="GET /v0", service="api-gateway", started=entrance.started, duration_ms=2_500,
        services=["api-gateway", CONNECTOR], spans=7, parts=[entrance], missing=missing,
        findings=Findings(path=[GATEWAY, *way], **found),
    )  # fmt: skip


SLOW = an_exchange(total=2_500)
REASONS = {
    "own": ("slow", CONNECTOR, f"{CONNECTOR} itself took 2.0 of 2.5 s", f"make scale APP={CONNECTOR} N=2"),
    "loop": ("slow", "x", "x took nothing up for 2.0 of 2.5 s", "make scale APP=x N=2"),
    "wait": ("capacity", CONNECTOR, "waited 2.0 of 2.5 s for x", "airtable.rate-limited"),
    "store": ("slow", CONNECTOR, "waited 2.0 of 2.5 s for its x", "make doctor"),
    "outside": ("slow", "x", f"x took 2.0 of 2.5 s to answer {CONNECTOR}", "make doctor"),
    "mesh": ("slow", "x", f"The way from {CONNECTOR} to x and back took 2.0 of 2.5 s", "make restart APP=x"),
    "silence": ("slow", "x", "x told nothing of the 2.0 of 2.5 s", "make restart APP=x"),
}


@pytest.mark.parametrize("how", REASONS)
def test_slow_is_explained_by_what_the_time_was_spent_on(how):
    stretch = spent(how, None if how == "own" else "x")
    verdict = judge(Evidence("last", AT, SLOW, trace=traced(stretch, slowest=stretch)))
    cause, service, words, command = REASONS[how]
    assert (verdict.cause, verdict.service) == (cause, service)
    assert words in verdict.summary
    assert command in verdict.remedy.command
    assert [hop.name for hop in verdict.path][:2] == ["api-gateway", CONNECTOR]
    assert len(render(verdict).splitlines()) <= MAX_LINES


STORES = [("postgresql", "database"), ("dapr", "state store"), ("redis", "Redis")]


@pytest.mark.parametrize(("system", "called"), STORES)
def test_a_store_has_the_name_that_people_know(system, called):
    stretch = spent("store", system)
    verdict = judge(Evidence("last", AT, SLOW, trace=traced(stretch, slowest=stretch)))
    assert verdict.summary == f"{CONNECTOR} waited 2.0 of 2.5 s for its {called}."
    assert verdict.path[-1].name == called


def test_who_is_too_late_is_not_blamed_for_whom_it_waited_for():
    late = failed("peer.timeout", 504, total=2_500)
    stretch = spent("store", "postgresql")
    verdict = judge(Evidence("last", AT, late, trace=traced(stretch, slowest=stretch, status=504)))
    assert (verdict.cause, verdict.service) == ("slow", CONNECTOR)
    assert "its database" in verdict.summary
    assert verdict.path[-1].name == "database"


def test_an_app_that_told_nothing_of_its_time_is_asked_itself():
    late = failed("peer.timeout", 504, total=2_500)
    stretch = spent("silence", CONNECTOR, service="api-gateway")
    frozen = Probe(CONNECTOR, False, "no answer", 500)
    trace = traced(stretch, slowest=stretch, silent=[CONNECTOR], status=504)
    verdict = judge(Evidence("last", AT, late, (), probe=frozen, trace=trace))
    assert "frozen" in verdict.summary
    assert any(CONNECTOR in line and "told nothing" in line for line in verdict.missing)


@pytest.mark.parametrize(
    ("error", "cause"),
    [("KeyError", "code"), ("database.unavailable", "dependency down"), ("Drop", "wrong data")],
)
def test_what_failed_after_a_good_answer_is_told(error, cause):
    gone = Stretch(service="event-processor", name="record-created", spent="own", own_ms=1, error=error)
    verdict = judge(Evidence("last", AT, an_exchange(), trace=traced(GATEWAY, later=[gone])))
    assert (verdict.failed, verdict.cause, verdict.service) == (True, cause, "event-processor")
    assert "answered 200, but afterwards" in verdict.summary
    assert "--consumer event-processor" in verdict.remedy.command


def test_a_promise_that_an_app_found_broken_is_told_though_the_answer_was_good():
    name = "promise: no read is older than an answered write"
    found = Stretch(service=CONNECTOR, name=name, spent="own", own_ms=0, error="cache.older-than-write")
    verdict = judge(Evidence("last", AT, an_exchange(), trace=traced(GATEWAY, blamed=found)))
    assert (verdict.failed, verdict.cause, verdict.service) == (True, "wrong data", CONNECTOR)
    assert "promise broken, no read is older than an answered write: cache.older-than-write" in verdict.summary
    assert (CONNECTOR, "failed") in [(hop.name, hop.state) for hop in verdict.path]


def test_a_failed_part_of_a_good_answer_is_no_failure():
    tried = Stretch(service=CONNECTOR, name="POST", spent="outside", on="airtable", own_ms=1, error="503")
    verdict = judge(Evidence("last", AT, an_exchange(), trace=traced(GATEWAY, blamed=tried)))
    assert (verdict.failed, verdict.cause) == (False, "none")


def test_spans_that_explain_little_of_the_time_accuse_nobody_of_it():
    stretch = spent("outside", "airtable", own=100)
    verdict = judge(Evidence("last", AT, SLOW, trace=traced(stretch, slowest=stretch)))
    assert "which hop took them is not known" in verdict.summary


def test_nothing_failed_stays_so_with_spans():
    verdict = judge(Evidence("last", AT, an_exchange(), trace=traced(spent("own", own=5), slowest=spent("own", own=5))))
    assert (verdict.failed, verdict.cause, verdict.service) == (False, "none", "")


def test_why_there_are_no_spans_is_told_and_nothing_is_guessed():
    verdict = judge(Evidence("last", AT, an_exchange(), untold="spans: none of this trace were kept"))
    assert verdict.missing == ("spans: none of this trace were kept",)
    assert not verdict.failed


def test_spans_that_never_came_are_missing_evidence():
    verdict = judge(Evidence("last", AT, an_exchange(), trace=traced(GATEWAY, missing=2)))
    assert verdict.missing == ("spans: 2 that others name as their cause never came",)


def test_a_request_the_gateway_has_forgotten_is_told_by_its_spans():
    bug = spent("own", error="platform.internal")
    trace = traced(bug, blamed=bug, status=500)
    verdict = judge(Evidence(trace.trace_id, AT, told_by(trace), trace=trace))
    assert (verdict.cause, verdict.service) == ("code", CONNECTOR)
    assert verdict.request.startswith("GET /v0/appX/T → 500")


def test_airtables_failure_is_airtables_by_spans_alone_too():
    oops = spent("outside", "airtable", error="500")
    trace = traced(oops, blamed=oops, status=502)
    verdict = judge(Evidence(trace.trace_id, AT, told_by(trace), trace=trace))
    assert (verdict.cause, verdict.service) == ("airtable", "airtable")


def test_an_answer_of_airtables_that_was_no_good_ends_the_path_at_airtable():
    broken = failed("airtable.invalid-answer", 502, fault="airtable", service=CONNECTOR)
    here = spent("own", own=3, error="airtable.invalid-answer")
    verdict = judge(Evidence("last", AT, broken, trace=traced(here, blamed=here, status=502)))
    assert [(hop.name, hop.state) for hop in verdict.path[1:]] == [(CONNECTOR, "ok"), ("airtable", "failed")]


def test_a_good_request_that_is_forgotten_accuses_nobody():
    verdict = judge(Evidence("x", AT, replace(told_by(traced(GATEWAY)), total=20), trace=traced(GATEWAY)))
    assert not verdict.failed
