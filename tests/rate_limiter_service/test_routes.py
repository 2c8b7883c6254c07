"""The routes, as apps and people see them."""

import asyncio

import pytest

from chassis._spans import taken_by

ACQUIRE = {"base": "appCRM00000000001", "token": "t1", "budget": 30}


@pytest.fixture
def exported():
    """Every span so far."""
    found = []
    taken_by(found.append)
    yield found
    taken_by(None)


async def test_a_turn_is_given_and_explained(client):
    answer = await client.post("/acquire", json=ACQUIRE)
    assert answer.status == 200
    assert 0 <= answer.json()["wait"] <= 0.1
    told = (await client.get("/api/v1/limits/explain?base=appCRM00000000001")).json()
    assert (told["rate"], told["penalties"], told["waiting"]) == (5, 0, [])
    assert "of 5 calls were sent" in told["text"]


async def test_a_penalty_is_seen_by_who_asks_why(client):
    assert (await client.post("/penalties", json={"base": "appCRM00000000001"})).status == 204
    told = (await client.get("/api/v1/limits/explain?base=appCRM00000000001")).json()
    assert 25 < told["held_for"] <= 30
    assert told["penalties"] == 1
    assert "penalty" in told["text"]


async def test_past_its_budget_a_call_is_refused_with_the_exact_second(client):
    await client.post("/penalties", json={"base": "appCRM00000000001", "seconds": 20})
    answer = await client.post("/acquire", json={**ACQUIRE, "budget": 2})
    assert answer.problem == ("limits.past-budget", 429, "rate-limiter-service")
    assert 18 <= int(answer.headers["retry-after"]) <= 20


async def test_a_full_queue_says_so(client, app):
    from apps.rate_limiter_service.service import Governor

    governor = app.state.chassis.container[Governor]
    governor._settings.__dict__["queue_length"] = 0
    answer = await client.post("/acquire", json=ACQUIRE)
    assert answer.problem == ("limits.queue-full", 429, "rate-limiter-service")


async def test_without_redis_the_answer_names_what_is_missing(client, valkey):
    valkey.kill()
    answer = await client.post("/acquire", json=ACQUIRE)
    assert answer.problem == ("limits.ledger-away", 503, "rate-limiter-service")


async def test_calls_are_counted_for_the_month(client):
    for _ in range(3):
        await client.post("/acquire", json=ACQUIRE)
    assert (await client.get("/api/v1/limits/usage")).json()["calls"] == 3
    assert (await client.get("/api/v1/limits/usage?month=2020-01")).json() == {"month": "2020-01", "calls": 0}


async def test_a_rule_is_tried_on_the_traffic_that_was_seen(client):
    for _ in range(4):
        await client.post("/acquire", json=ACQUIRE)
    told = (await client.post("/api/v1/limits/simulate", json={"rule": {"rate": 1, "period": 10}})).json()
    assert told["calls"] == 4
    assert told["tenants"][0]["tenant"] == "local"
    assert told["tenants"][0]["wait_p95"] > 10


async def test_what_is_no_base_or_budget_is_refused(client):
    for wrong in ({"base": "app 1"}, {"budget": 0}, {"budget": 1e9}, {"priority": "urgent"}, {"token": ""}):
        answer = await client.post("/acquire", json=ACQUIRE | wrong)
        assert answer.problem == ("request.invalid", 422, "rate-limiter-service")


async def test_each_way_to_redis_is_a_part_of_the_request_that_it_was_gone_for(client, exported):
    """Also when another request opened the lane: the spans of one trace are not told in another's."""
    traces = [f"{number:032x}" for number in (1, 2, 3)]
    headers = [{"traceparent": f"00-{trace}-{'b' * 16}-01"} for trace in traces]
    await asyncio.gather(*(client.post("/acquire", json=ACQUIRE, headers=each) for each in headers))
    whole = {span.context.span_id: span.context.trace_id for span in exported if span.name == "POST /acquire"}
    gone = [span for span in exported if span.attributes.get("db.operation.name") == "EVAL"]
    assert sorted(f"{span.context.trace_id:032x}" for span in gone) == traces
    assert all(whole[span.parent.span_id] == span.context.trace_id for span in gone)
    assert {span.attributes["db.system.name"] for span in gone} == {"redis"}


async def test_a_redis_that_is_away_is_told_by_the_span(client, valkey, exported):
    valkey.kill()
    await client.post("/acquire", json=ACQUIRE, headers={"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"})
    assert [span.attributes["error.type"] for span in exported if span.name == "redis"]
