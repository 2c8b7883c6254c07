"""The gateway's count against the trail."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.audit_service import COUNT, Entry, canonical, entry_id
from tests.audit_service.trail import SENDER, an_entry

NOW = datetime.now(UTC)
HOUR = NOW.replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def a_count(hour: datetime = HOUR, tenant: str = "local", told_at: datetime | None = None, **hows: list[str]) -> bytes:
    """What the gateway hands in: `hows` are ids by how their requests ended."""
    moment = stamp(told_at or hour + timedelta(minutes=31))
    values: dict[str, Any] = {
        "id": entry_id(str((hour, tenant, hows)), COUNT, "1"), "tenant": "platform", "occurred_at": moment,
        "action": COUNT, "outcome": "succeeded", "actor": {"type": "service", "id": "api-gateway"},
        "service": "api-gateway", "targets": [{"type": "tenant", "id": tenant}], "request_id": "c" * 32,
        "trace_id": "c" * 32, "context": {"method": "POST", "route": "(all)"},
        "metadata": {"hour": hour.strftime("%Y-%m-%dT%H:00:00Z"), "requests": {SENDER: hows}},
    }  # fmt: skip
    return canonical(Entry.model_validate(values))


def of(request_id: str, at: datetime = HOUR + timedelta(minutes=30), **changes: Any) -> bytes:
    return an_entry(request_id=request_id, occurred_at=stamp(at), **changes)


async def hand_in(trail, counts: list[bytes], entries: list[bytes]) -> None:
    for lines, caller in ((counts, "api-gateway"), (entries, SENDER)):
        receipts = (await trail.hand_in(lines, caller)).json()["receipts"]
        assert all("index" in receipt for receipt in receipts), receipts


async def found(client, **params: str) -> dict[str, Any]:
    answer = await client.get("/api/v1/audit/reconciliation", params=params)
    assert answer.status == 200, answer.body
    return answer.json()


def gaps(reconciliation: dict[str, Any]) -> list[tuple[str, str, int, int]]:
    told = [gap for hour in reconciliation["hours"] for gap in hour["gaps"]]
    return sorted((gap["kind"], gap["request_id"], gap["counted"], gap["entries"]) for gap in told)


@pytest.fixture
async def begun(trail) -> None:
    """The gateway has counted since long ago."""
    await hand_in(trail, [a_count(HOUR - timedelta(hours=20), tenant="other", answered=[])], [])


async def test_what_was_answered_and_has_one_entry_each_is_told_by_hour(client, trail, begun):
    later = HOUR + timedelta(hours=1)
    counts = [a_count(answered=["a", "b"], exempt=["read"]), a_count(later, answered=["c"], unanswered=["d", "e"])]
    await hand_in(trail, counts, [of("a"), of("b"), of("c", later), of("d", later)])
    whole = await found(client)
    assert (whole["ok"], whole["next"], gaps(whole)) == (True, None, [])
    columns = ("counted", "entries", "unanswered", "exempt")
    assert [tuple(hour[name] for name in columns) for hour in whole["hours"]] == [(2, 2, 0, 1), (1, 2, 2, 0)]


async def test_each_missing_doubled_and_uncounted_request_is_named(client, trail, begun):
    entries = [of("b"), of("c"), of("c", action="note.remove"), of("d"), of("d", action="note.remove"), of("stranger")]
    await hand_in(trail, [a_count(answered=["a", "b", "c"], unanswered=["d"], exempt=["e"])], [*entries, of("e")])
    whole = await found(client)
    assert whole["ok"] is False
    assert gaps(whole) == [
        ("doubled", "c", 1, 2), ("doubled", "d", 0, 2), ("doubled", "e", 0, 1), ("missing", "a", 1, 0),
        ("uncounted", "stranger", 0, 1),
    ]  # fmt: skip
    assert [(hour["missing"], hour["doubled"], hour["uncounted"]) for hour in whole["hours"]] == [(1, 3, 1)]


async def test_what_a_service_does_on_its_own_or_another_service_for_the_request_is_no_gap(client, trail, begun):
    own = of("job", actor={"type": "service", "id": SENDER})
    await hand_in(trail, [a_count(answered=["a"])], [of("a"), own])
    await hand_in(trail, [of("a", service="api-gateway")], [])
    assert (await found(client))["ok"]


async def test_an_id_that_a_client_sends_again_counts_as_often_also_past_the_hour(client, trail, begun):
    later = HOUR + timedelta(hours=1)
    twice = [of("a"), of("a", action="note.remove"), of("a", later, action="note.share")]
    await hand_in(trail, [a_count(answered=["a", "a"]), a_count(later, answered=["a"])], twice)
    whole = await found(client)
    assert (whole["ok"], [hour["entries"] for hour in whole["hours"]]) == (True, [2, 1])


async def test_an_entry_that_may_be_on_its_way_is_not_missed_yet(client, trail, begun):
    now = datetime.now(UTC)
    await hand_in(trail, [a_count(now.replace(minute=0, second=0, microsecond=0), told_at=now, answered=["a"])], [])
    assert (await found(client))["ok"]
    assert gaps(await found(client, until=stamp(now + timedelta(seconds=60)))) == [("missing", "a", 1, 0)]


async def test_what_was_written_before_the_gateway_counted_is_no_gap(client, trail):
    assert (await found(client))["hours"] == []
    await hand_in(trail, [a_count(answered=["a"])], [of("a"), of("older", HOUR - timedelta(hours=3))])
    assert (await found(client))["ok"]


async def test_a_tenants_hours_are_its_own_and_the_platforms_reader_sees_all(client, trail, begun):
    await hand_in(trail, [a_count(answered=["a"]), a_count(tenant="other", answered=["b"])], [of("a")])
    assert gaps(await found(client)) == []
    assert gaps(await found(client, trail="platform")) == [("missing", "b", 1, 0)]
    await hand_in(trail, [], [of("c", tenant="other")])
    assert gaps(await found(client, trail="platform")) == [("missing", "b", 1, 0), ("uncounted", "c", 0, 1)]


async def test_hours_whose_bytes_were_erased_are_left_out(client, trail, begun):
    await trail.as_owner("INSERT INTO append_only.retention (tenant, days, set_by) VALUES ('local', 30, 'developer')")
    since = stamp(NOW - timedelta(days=31))
    whole = await found(client, since=since)
    assert datetime.fromisoformat(whole["since"]) > NOW - timedelta(days=30, minutes=1)


async def test_a_long_time_is_told_in_parts(client, trail, begun, monkeypatch):
    await hand_in(trail, [a_count(answered=["a"])], [of("a")])
    monkeypatch.setattr("apps.audit_service.service.reconciling.SECONDS", 0.0)
    since, hours, calls = "", [], 0
    while since is not None:
        part = await found(client, **({"since": since} if since else {}))
        hours += part["hours"]
        since, calls = part["next"], calls + 1
    assert calls in (24, 25)  # an hour each of the last day, whose ends may lie within hours
    assert [hour["counted"] for hour in hours if hour["tenant"] == "local"] == [1]
