"""What a caller is told when Airtable refuses, fails, is slow or is not there."""

import asyncio
import time
from typing import Any

import pytest

from apps.airtable_connector.app import create
from apps.airtable_connector.settings import Settings
from chassis.testing import AppClient, FakeDapr
from tests.airtable_connector.conftest import FAST, TOKEN
from tests.airtable_connector.scripted import ScriptedAirtable

pytestmark = pytest.mark.usefixtures("database")

BASE = "appScripted000000"
TABLE = "tblScripted000000"
RECORDS = f"/api/v1/bases/{BASE}/tables/{TABLE}/records"
V0 = f"/v0/{BASE}/{TABLE}"
PAGE = {"records": [{"id": "rec1", "createdTime": "2026-01-01T00:00:00.000Z", "fields": {"A": 1}}]}
ITEM = {"id": "rec1", "created_time": "2026-01-01T00:00:00.000Z", "fields": {"A": 1}}
NEW = {"records": [{"fields": {"A": 1}}]}
LIMIT = {"errors": [{"error": "RATE_LIMIT_REACHED", "message": "Rate limit exceeded. Please try again later"}]}
MISSING = "airtable-connector"


@pytest.fixture
def url(airtable: ScriptedAirtable) -> str:
    return airtable.url


def told(kind: str, message: str | None = None) -> dict[str, Any]:
    return {"error": {"type": kind} if message is None else {"type": kind, "message": message}}


def within(milliseconds: int) -> dict[str, str]:
    return {"x-timeout-ms": str(milliseconds)}


@pytest.mark.parametrize(
    ("status", "body", "code", "fault", "says"),
    [
        (
            401,
            told("AUTHENTICATION_REQUIRED", "Authentication required"),
            "airtable.refused",
            "config",
            "AIRTABLE_TOKEN",
        ),
        (
            403,
            told("INVALID_PERMISSIONS", "You are not permitted"),
            "airtable.refused",
            "config",
            "You are not permitted",
        ),
        (404, {"error": "NOT_FOUND"}, "airtable.not-found", "client", "NOT_FOUND"),
        (404, told("NOT_FOUND"), "airtable.not-found", "client", "NOT_FOUND"),
        (400, b"nonsense", "airtable.invalid-request", "client", "no JSON"),
        (413, b"", "airtable.invalid-request", "client", "no JSON"),
        (422, told("INVALID_REQUEST_UNKNOWN", "Invalid request: x"), "airtable.invalid-request", "client", "x"),
        (422, {"errors": [{"error": "SOME", "message": "plural"}]}, "airtable.invalid-request", "client", "plural"),
        (422, {"unheard": "of"}, "airtable.invalid-request", "client", "without a reason"),
        (422, told("LIST_RECORDS_ITERATOR_NOT_AVAILABLE"), "airtable.cursor-expired", "airtable", "first page"),
        (429, told("PUBLIC_API_BILLING_LIMIT_EXCEEDED"), "airtable.plan-limit", "airtable", "plan"),
        (500, b"oops", "airtable.unavailable", "airtable", "500"),
        (503, told("RETRIABLE_ERROR", "try again"), "airtable.unavailable", "airtable", "try again"),
        (302, b"", "airtable.invalid-answer", "airtable", "302"),
    ],
)
async def test_every_form_of_refusal_has_its_code_and_says_what_airtable_said(
    client: AppClient, airtable: ScriptedAirtable, status: int, body: Any, code: str, fault: str, says: str
) -> None:
    airtable.answers(status, body)
    answer = await client.get(RECORDS)
    assert answer.problem[0] == code
    assert answer.json()["fault"] == fault
    assert says in answer.json()["detail"]
    stock = await client.get(V0)
    assert stock.headers["x-platform-code"] == code
    if code != "airtable.invalid-answer":
        assert stock.status == status


@pytest.mark.parametrize(
    ("kind", "message", "field"),
    [
        ("UNKNOWN_FIELD_NAME", 'Unknown field name: "Last Name"', "fields.Last Name"),
        ("INVALID_VALUE_FOR_COLUMN", 'Field "A "b"" cannot accept the provided value', 'fields.A "b"'),
        ("INVALID_FILTER_BY_FORMULA", "The formula is invalid", "filter"),
        ("INVALID_OFFSET_VALUE", "The value of offset x is invalid", "cursor"),
        ("VIEW_NAME_NOT_FOUND", "View X not found", "view"),
    ],
)
async def test_the_part_of_the_request_at_fault_is_named(
    client: AppClient, airtable: ScriptedAirtable, kind: str, message: str, field: str
) -> None:
    airtable.answers(422, told(kind, message))
    errors = (await client.post(RECORDS, json=NEW)).json()["errors"]
    assert [(one["field"], one["message"]) for one in errors] == [(field, message)]


@pytest.mark.parametrize("body", [b"<html>", b"", {"records": [{"id": "rec1"}]}, {"unheard": "of"}, [1]])
async def test_a_200_that_makes_no_sense_is_an_invalid_answer(
    client: AppClient, airtable: ScriptedAirtable, body: Any
) -> None:
    airtable.answers(200, body)
    assert (await client.get(RECORDS)).problem == ("airtable.invalid-answer", 502, "airtable-connector")


async def test_an_answer_over_the_limit_is_not_read_to_its_end(dapr: FakeDapr, airtable: ScriptedAirtable) -> None:
    dapr.secrets["airtable/local/default"] = TOKEN
    airtable.answers(200, b"x" * 2_000)
    app = create(Settings(airtable_url=airtable.url, max_answer=1_024, **FAST, **dapr.settings()))
    async with AppClient(app, dapr.headers()).running() as client:
        answer = await client.get(RECORDS)
    assert answer.problem == ("airtable.invalid-answer", 502, "airtable-connector")
    assert "1024 bytes" in answer.json()["detail"]


async def test_a_read_is_tried_again_after_a_5xx_and_after_a_lost_connection(
    client: AppClient, airtable: ScriptedAirtable
) -> None:
    airtable.answers(502, b"<html>").answers(200, PAGE)
    assert (await client.get(RECORDS)).json()["items"] == [ITEM]
    airtable.drops().answers(200, PAGE)
    assert (await client.get(RECORDS, headers={"cache-control": "no-cache"})).status == 200


async def test_a_read_whose_connection_is_lost_twice_is_unavailable(
    client: AppClient, airtable: ScriptedAirtable
) -> None:
    airtable.drops()
    answer = await client.get(RECORDS)
    assert answer.problem == ("airtable.unavailable", 503, "airtable-connector")
    assert answer.headers["retry-after"] == "1"


async def test_a_create_whose_answer_is_lost_is_sent_once_and_called_unknown(
    client: AppClient, airtable: ScriptedAirtable
) -> None:
    airtable.drops()
    answer = await client.post(RECORDS, json=NEW)
    assert answer.problem == ("airtable.write-unknown", 502, "airtable-connector")
    assert "may have happened" in answer.json()["detail"]
    assert "retry-after" not in answer.headers
    assert len(airtable.requests) == 1


async def test_a_stock_clients_lost_create_is_no_status_it_would_repeat(
    client: AppClient, airtable: ScriptedAirtable
) -> None:
    airtable.drops()
    answer = await client.post(V0, json={"fields": {"A": 1}})
    assert answer.status == 502
    assert answer.headers["x-platform-code"] == "airtable.write-unknown"
    assert "may have happened" in answer.json()["error"]["message"]
    assert len(airtable.requests) == 1


async def test_a_create_that_ends_in_a_500_is_unknown_unless_airtable_calls_it_retriable(
    client: AppClient, airtable: ScriptedAirtable
) -> None:
    airtable.answers(500, b"oops")
    assert (await client.post(RECORDS, json=NEW)).problem[0] == "airtable.write-unknown"
    airtable.answers(503, told("RETRIABLE_ERROR", "safe")).answers(503, told("RETRIABLE_ERROR", "safe"))
    airtable._reactions.pop(0)
    assert (await client.post(RECORDS, json=NEW)).problem[0] == "airtable.unavailable"
    assert len(airtable.requests) == 2


async def test_what_was_read_before_a_write_of_unknown_fate_is_not_served_again(
    client: AppClient, airtable: ScriptedAirtable
) -> None:
    airtable.answers(200, PAGE).drops().answers(200, {"records": []})
    assert (await client.get(RECORDS)).json()["items"] == [ITEM]
    assert (await client.post(RECORDS, json=NEW)).problem[0] == "airtable.write-unknown"
    assert (await client.get(RECORDS)).json()["items"] == []


async def test_a_batch_whose_second_call_is_lost_says_so(client: AppClient, airtable: ScriptedAirtable) -> None:
    airtable.answers(200, {"records": PAGE["records"] * 10}).drops()
    answer = await client.post(RECORDS, json={"records": [{"fields": {"A": 1}}] * 25})
    assert answer.status == 207
    assert [call["outcome"] for call in answer.json()["calls"]] == ["done", "unknown", "not-sent"]
    assert answer.json()["calls"][1]["error"]["code"] == "airtable.write-unknown"
    assert len(answer.json()["records"]) == 10


async def test_a_batch_whose_first_call_is_lost_says_that_the_rest_was_not_sent(
    client: AppClient, airtable: ScriptedAirtable
) -> None:
    airtable.drops()
    answer = await client.post(RECORDS, json={"records": [{"fields": {"A": 1}}] * 25})
    assert [call["outcome"] for call in answer.json()["calls"]] == ["unknown", "not-sent", "not-sent"]


async def test_an_airtable_that_is_silent_costs_a_reader_no_more_than_its_time(
    client: AppClient, airtable: ScriptedAirtable
) -> None:
    airtable.hangs()
    began = time.monotonic()
    answer = await client.get(RECORDS, headers=within(300))
    assert time.monotonic() - began < 0.6
    assert answer.problem == ("airtable.timeout", 504, "airtable-connector")


async def test_a_write_that_airtable_does_not_answer_in_time_is_unknown(
    client: AppClient, airtable: ScriptedAirtable
) -> None:
    airtable.hangs()
    answer = await client.post(RECORDS, json=NEW, headers=within(1_500))
    assert answer.problem == ("airtable.write-unknown", 502, "airtable-connector")


async def test_a_write_for_which_no_time_is_left_is_not_begun(client: AppClient, airtable: ScriptedAirtable) -> None:
    airtable.answers(200, PAGE)
    answer = await client.post(RECORDS, json=NEW, headers=within(120))
    assert answer.problem == ("airtable.timeout", 504, "airtable-connector")
    assert airtable.requests == []


async def test_who_joined_a_read_of_somebody_with_less_time_still_gets_an_answer(
    client: AppClient, airtable: ScriptedAirtable
) -> None:
    airtable.hangs().answers(200, PAGE)
    hasty = asyncio.create_task(client.get(RECORDS, headers=within(1_500)))
    await airtable.asked.wait()
    patient = await client.get(RECORDS, headers=within(5_000))
    assert (await hasty).status == 504
    assert (patient.status, patient.json()["items"]) == (200, [ITEM])


async def test_an_airtable_nobody_listens_for_is_unavailable_for_writes_too_because_nothing_was_sent(
    dapr: FakeDapr,
    limiter: AppClient,
) -> None:
    dapr.secrets["airtable/local/default"] = TOKEN
    app = create(Settings(airtable_url="http://127.0.0.1:1", **FAST, **dapr.settings()))
    async with AppClient(app, dapr.headers()).running() as client:
        read, written = await client.get(RECORDS), await client.post(RECORDS, json=NEW)
        stock = await client.post(V0, json=NEW)
    for answer in (read, written):
        assert answer.problem == ("airtable.unavailable", 503, "airtable-connector")
    assert "AIRTABLE_CONNECTOR_AIRTABLE_URL" in read.json()["detail"]
    assert (stock.status, stock.json()["error"]["type"]) == (503, "SERVICE_UNAVAILABLE")
    assert stock.headers["retry-after"] == "1"


async def test_a_kept_answer_stands_in_for_an_airtable_that_fails(dapr: FakeDapr, airtable: ScriptedAirtable) -> None:
    dapr.secrets["airtable/local/default"] = TOKEN
    app = create(Settings(airtable_url=airtable.url, read_cache_ttl=0.000001, **FAST, **dapr.settings()))
    async with AppClient(app, dapr.headers()).running() as client:
        airtable.answers(200, PAGE).answers(500, b"oops")
        await client.get(RECORDS)
        answer = await client.get(RECORDS)
        now = await client.get(RECORDS, headers={"cache-control": "no-cache"})
    assert (answer.status, answer.headers["x-platform-cache"]) == (200, "stale")
    assert now.problem[0] == "airtable.unavailable"


FRESH = {"cache-control": "no-cache"}


async def test_a_base_that_fails_five_times_in_a_row_is_left_alone_and_others_are_not(
    client: AppClient, airtable: ScriptedAirtable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis._breaker.PROBES_EVERY", 60.0)  # s: nothing probes while this test looks
    airtable.answers(500, b"oops")
    for _ in range(3):  # each is tried twice
        assert (await client.get(RECORDS, headers=FRESH)).problem[0] == "airtable.unavailable"
    assert len(airtable.requests) == 5
    left_alone = await client.post(RECORDS, json=NEW)
    assert left_alone.problem == ("airtable.unavailable", 503, "airtable-connector")
    assert left_alone.headers["retry-after"] == "1"
    assert "5 times in a row for appScripted000000" in left_alone.json()["detail"]
    assert len(airtable.requests) == 5
    await client.get(RECORDS.replace("Scripted", "Another0"), headers=FRESH)
    assert len(airtable.requests) > 5, "another base is asked"


async def test_a_base_that_was_left_alone_is_served_again_as_soon_as_airtable_answers(
    client: AppClient, airtable: ScriptedAirtable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis._breaker.PROBES_EVERY", 2.0)  # s: a slow machine must not probe before it should
    for _ in range(5):
        airtable.drops()
    airtable.answers(200, PAGE)
    for _ in range(3):
        assert (await client.get(RECORDS, headers=FRESH)).status == 503
    await asyncio.sleep(2.1)
    answer = await client.get(RECORDS, headers=FRESH)
    assert answer.json()["items"] == [ITEM]
    assert [(await client.get(RECORDS, headers=FRESH)).status for _ in range(3)] == [200] * 3


async def test_callers_with_little_time_say_nothing_about_airtable(
    client: AppClient, airtable: ScriptedAirtable
) -> None:
    airtable.hangs()
    for _ in range(6):
        assert (await client.get(RECORDS, headers=within(200))).problem[0] == "airtable.timeout"
    assert len(airtable.requests) == 6


async def test_a_429_is_waited_out_and_the_caller_never_sees_it(
    client: AppClient, limiter: AppClient, airtable: ScriptedAirtable
) -> None:
    limiter.app.state.chassis.settings.__dict__["penalty"] = 0.2
    airtable.answers(429, LIMIT).answers(200, PAGE)
    began = time.monotonic()
    created = await client.post(RECORDS, json=NEW)
    assert created.status == 201
    assert time.monotonic() - began >= 0.2
    assert len(airtable.requests) == 2


async def test_a_penalty_longer_than_the_callers_time_is_told_at_once_with_the_second(
    client: AppClient, airtable: ScriptedAirtable
) -> None:
    airtable.answers(429, LIMIT)
    answer = await client.get(RECORDS)
    assert answer.problem == ("airtable.rate-limited", 429, "airtable-connector")
    assert answer.json()["fault"] == "airtable"
    assert answer.headers["retry-after"] == "30"
    stock = await client.get(V0)
    assert (stock.status, stock.json()["error"]["type"]) == (429, "RATE_LIMIT_REACHED")
    assert int(stock.headers["retry-after"]) in {29, 30}
    assert len(airtable.requests) == 1


async def test_a_batch_that_runs_out_of_room_says_when_there_is_some(
    client: AppClient, airtable: ScriptedAirtable
) -> None:
    airtable.answers(200, {"records": PAGE["records"] * 10}).answers(429, LIMIT)
    answer = await client.post(RECORDS, json={"records": [{"fields": {"A": 1}}] * 20})
    assert answer.status == 207
    assert answer.json()["calls"][1]["outcome"] == "failed"
    assert answer.json()["calls"][1]["error"]["retry_after"] == 30


async def test_a_platform_that_may_not_write_refuses_writes_before_airtable_and_says_how_to_allow_them(
    dapr: FakeDapr, airtable: ScriptedAirtable
) -> None:
    dapr.secrets["airtable/local/default"] = TOKEN
    airtable.answers(200, PAGE)
    app = create(Settings(airtable_url=airtable.url, **{**FAST, "allow_writes": False}, **dapr.settings()))
    async with AppClient(app, dapr.headers()).running() as client:
        refused = await client.post(RECORDS, json=NEW)
        stock = await client.delete(f"{V0}/rec1")
        listed = await client.post(f"{V0}/listRecords", json={})
    assert refused.problem == ("airtable.read-only", 403, "airtable-connector")
    assert refused.json()["fault"] == "config"
    assert "--allow-writes" in refused.json()["detail"]
    assert (stock.status, stock.json()["error"]["type"]) == (403, "INVALID_PERMISSIONS")
    assert listed.status == 200
    assert [request.method for request in airtable.requests] == ["POST"]


async def test_a_tenant_without_a_token_is_told_that_it_has_none(
    client: AppClient, dapr: FakeDapr, airtable: ScriptedAirtable
) -> None:
    other = {"authorization": f"Bearer {dapr.token(tenant='other')}"}
    answer = await client.get(RECORDS, headers=other)
    assert answer.problem == ("airtable.no-token", 503, "airtable-connector")
    assert answer.json()["fault"] == "config"
    assert airtable.requests == []


async def test_a_token_airtable_refused_is_read_anew(
    client: AppClient, dapr: FakeDapr, airtable: ScriptedAirtable
) -> None:
    airtable.answers(401, told("AUTHENTICATION_REQUIRED", "x")).answers(200, PAGE)
    assert (await client.get(RECORDS)).problem[0] == "airtable.refused"
    dapr.secrets["airtable/local/default"] = "patNew"
    assert (await client.get(RECORDS)).status == 200
    sent = [request.headers["authorization"] for request in airtable.requests]
    assert sent == [f"Bearer {TOKEN}", "Bearer patNew"]


async def test_only_what_airtable_needs_is_sent_to_it(client: AppClient, airtable: ScriptedAirtable) -> None:
    airtable.answers(200, PAGE)
    await client.get(RECORDS)
    assert set(airtable.requests[0].headers) == {"host", "authorization", "user-agent", "accept", "accept-encoding"}


async def test_the_token_stands_in_no_answer_and_no_log_line(
    client: AppClient, airtable: ScriptedAirtable, capsys: pytest.CaptureFixture[str]
) -> None:
    airtable.answers(500, b"oops").drops()
    answers = [await client.get(RECORDS), await client.post(RECORDS, json=NEW)]
    assert not any(TOKEN.encode() in answer.body for answer in answers)
    assert TOKEN not in "".join(capsys.readouterr())


async def test_one_bases_penalty_does_not_hold_up_another(client: AppClient, airtable: ScriptedAirtable) -> None:
    airtable.answers(429, LIMIT).answers(200, PAGE)
    assert (await client.get(RECORDS)).status == 429
    assert (await client.get(RECORDS.replace(BASE, "appOther000000000"))).status == 200
