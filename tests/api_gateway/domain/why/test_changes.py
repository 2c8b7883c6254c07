"""What changed shortly before is told beside the verdict, and accuses nobody."""

from datetime import UTC, datetime

from apps.api_gateway.domain.why.evidence import Evidence
from apps.api_gateway.domain.why.judge import judge
from contracts.analytics_service import PlatformChange

from .test_judge import AT, CONNECTOR, an_exchange, failed

BUG = failed("platform.internal", 500)


def changed(ago: float, kind: str = "restarted", app: str = CONNECTOR) -> PlatformChange:
    """`ago` seconds before the request ended."""
    return PlatformChange(at=datetime.fromtimestamp(BUG.ended - ago, UTC), app=app, kind=kind, detail="what it was")


def told(*changes: PlatformChange, exchange=BUG) -> list[str]:
    return [line for line in judge(Evidence("last", AT, exchange, (), changes=changes)).evidence if "before" in line]


def test_a_change_of_whom_is_to_blame_is_told_with_its_time():
    assert told(changed(12)) == [f"{CONNECTOR} restarted 12 s before"]
    assert told(changed(190, "settings")) == [f"{CONNECTOR}'s settings changed 3 min before: what it was"]


def test_what_changed_elsewhere_long_before_or_afterwards_is_not_told():
    assert told(changed(12, app="schema-service"), changed(601), changed(-1)) == []


def test_what_a_start_brought_is_told_before_the_start():
    first, second = told(changed(10), changed(11, "version"), changed(300, "started"))
    assert ("version changed" in first, "restarted 10 s" in second) == (True, True)


def test_a_schema_is_told_of_where_data_was_wrong():
    wrong = failed("airtable.invalid", 422, fault="client")
    assert told(changed(5, "schema", "schema-service"), exchange=wrong) == [
        "the schema changed 5 s before: what it was"
    ]
    assert told(changed(5, "schema", "schema-service")) == []


def test_a_change_alone_accuses_nobody():
    verdict = judge(Evidence("last", AT, an_exchange(), (), changes=(changed(1),)))
    assert (verdict.failed, verdict.service, verdict.evidence) == (False, "", ())
