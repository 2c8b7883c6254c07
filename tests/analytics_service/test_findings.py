"""What a trace says by itself, over made-up spans."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.analytics_service.domain.findings import findings
from contracts.analytics_service import Span

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def part(id: str, parent: str | None = None, **facts) -> Span:
    known = {"service": "gateway", "name": "GET /", "kind": "server", "own_ms": 1.0, "failed": False}
    known |= facts
    known.setdefault("duration_ms", known["own_ms"])
    return Span(id=id, parent=parent, started=NOON + timedelta(milliseconds=int(id)), **known)


def call(id: str, parent: str, app: str, **facts) -> Span:
    return part(id, parent, name=f"GET {app}", kind="client", attributes={"peer.service": app}, **facts)


def at_connector(id: str, parent: str, **facts) -> Span:
    return part(id, parent, service="connector", **facts)


ASKED = [part("1"), call("2", "1", "connector"), at_connector("3", "2")]


@pytest.mark.parametrize(
    ("last", "spent", "on"),
    [
        (at_connector("4", "3", name="more", kind="internal"), "own", None),
        (at_connector("4", "3", kind="internal", attributes={"platform.waits_for": "its turn"}), "wait", "its turn"),
        (at_connector("4", "3", kind="client", attributes={"db.system.name": "postgresql"}), "store", "postgresql"),
        (
            at_connector("4", "3", kind="client", attributes={"server.address": "::1", "peer.service": "airtable"}),
            "outside",
            "airtable",
        ),
        (at_connector("4", "3", kind="client", attributes={"peer.service": "limiter"}), "silence", "limiter"),
    ],
)
def test_who_spent_the_most_time_and_on_what(last, spent, on):
    last = last.model_copy(update={"own_ms": 500.0, "name": "the slow one"})
    found = findings([*ASKED, last])
    assert found.slowest
    assert (found.slowest.service, found.slowest.spent, found.slowest.on) == ("connector", spent, on)
    assert found.silent == ([on] if spent == "silence" else [])
    assert [(stretch.service, stretch.own_ms) for stretch in found.path] == [("gateway", 2.0), ("connector", 501.0)]


def test_a_call_whose_callee_told_of_itself_spent_its_own_time_in_the_mesh():
    found = findings([part("1"), call("2", "1", "connector", own_ms=300.0), at_connector("3", "2")])
    assert found.slowest
    assert (found.slowest.spent, found.slowest.on, found.silent) == ("mesh", "connector", [])


LATE = {"platform.event_loop_lag_ms": 400}


@pytest.mark.parametrize(
    ("about", "own_ms", "spent"),
    [({"db.system.name": "postgresql"}, 500.0, "loop"), ({"db.system.name": "postgresql"}, 900.0, "store"),
     ({"server.address": "::1"}, 500.0, "loop"), ({"peer.service": "limiter"}, 500.0, "loop")],
)  # fmt: skip
def test_who_waits_while_its_event_loop_is_held_waits_for_itself(about, own_ms, spent):
    asked = [part("1"), call("2", "1", "connector"), at_connector("3", "2", attributes=LATE)]
    found = findings([*asked, at_connector("4", "3", kind="client", attributes=about, own_ms=own_ms)])
    assert found.slowest
    assert (found.slowest.service, found.slowest.spent) == ("connector", spent)
    assert found.slowest.on == (None if spent == "loop" else "postgresql")


def test_a_call_that_was_taken_up_late_is_the_callees_loop():
    found = findings([part("1"), call("2", "1", "connector", own_ms=300.0), at_connector("3", "2", attributes=LATE)])
    assert found.slowest
    assert (found.slowest.service, found.slowest.spent, found.slowest.on) == ("gateway", "loop", "connector")


def test_many_short_calls_outweigh_a_long_one():
    reads = [at_connector(str(10 + each), "3", name="read", own_ms=10.0) for each in range(30)]
    found = findings([*ASKED, at_connector("4", "3", name="one", own_ms=200.0), *reads])
    assert found.slowest
    assert (found.slowest.name, found.slowest.own_ms, found.slowest.times) == ("read", 300.0, 30)


def test_the_deepest_failed_span_is_blamed_and_the_path_ends_there():
    failed = [part("1", failed=True, error="503"), call("2", "1", "connector", failed=True, error="503")]
    found = findings([*failed, at_connector("3", "2", failed=True, error="database.unavailable")])
    assert found.blamed
    assert (found.blamed.service, found.blamed.error) == ("connector", "database.unavailable")
    assert [stretch.service for stretch in found.path] == ["gateway", "connector"]


def test_what_events_do_is_after_the_answer_and_only_what_failed_for_good_is_told():
    def heard(id: str, name: str, **facts) -> Span:
        return part(id, "3", service="listener", name=name, kind="consumer", own_ms=9_000.0, **facts)

    bug = {"failed": True, "error": "KeyError"}
    found = findings([*ASKED, heard("5", "a", **bug), heard("6", "b", **bug), heard("7", "a")])
    assert [(stretch.service, stretch.name, stretch.error) for stretch in found.later] == [
        ("listener", "b", "KeyError")
    ]
    assert found.blamed is None
    assert found.slowest
    assert found.slowest.own_ms < 9_000


def test_no_spans_say_nothing():
    assert findings([]).slowest is None
