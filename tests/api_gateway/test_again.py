"""A change whose answer was lost, on a route that asks for it again."""

import asyncio

import pytest

from apps.api_gateway.routes import again

CONNECTOR = "airtable-connector"
OPERATION = "0199c0de-0000-7000-8000-000000000001"
UNDER_WAY = {"x-platform-unaudited": "1", "x-platform-code": "request.under-way"}
UNKNOWN = {"x-platform-code": "airtable.write-unknown", "x-platform-operation": OPERATION}
REPLAYED = {"idempotency-replayed": "true"}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(again, "PAUSE", 0.01)
    monkeypatch.setattr(again, "BETWEEN", 0.01)


def keys(peers) -> list[str]:
    return [seen.headers["idempotency-key"] for seen in peers[CONNECTOR].requests]


async def test_it_is_asked_for_under_one_key_until_its_end_is_known(client, peers):
    peers[CONNECTOR].answers(200, json={"id": "rec1"}, headers=REPLAYED)
    peers[CONNECTOR].answers(409, json={}, headers=UNDER_WAY, times=2)
    peers[CONNECTOR].fails("dead", times=2)  # it is being started again
    peers[CONNECTOR].fails("lost", times=1)
    answer = await client.post("/v0/appX/T", json={"fields": {"Name": "x"}})
    assert (answer.status, answer.json()) == (200, {"id": "rec1"})
    assert len(set(keys(peers))) == 1
    assert {seen.body for seen in peers[CONNECTOR].requests} == {b'{"fields":{"Name":"x"}}'}


async def test_the_key_of_the_client_stays_its_key(client, peers):
    peers[CONNECTOR].answers(200, json={}, headers=REPLAYED)
    peers[CONNECTOR].fails("lost", times=1)
    await client.delete("/v0/appX/T/rec1", headers={"idempotency-key": "mine"})
    assert keys(peers) == ["mine", "mine"]


async def test_a_write_that_airtable_did_not_answer_is_told_once_it_was_looked_for(client, peers):
    peers[CONNECTOR].answers(200, json={"id": "rec1"}, headers=REPLAYED)
    peers[CONNECTOR].answers(502, json={"error": {}}, headers=UNKNOWN, times=1)
    assert (await client.post("/v0/appX/T", json={})).json() == {"id": "rec1"}


async def test_what_stays_unknown_is_told_as_the_app_tells_it(client, peers):
    peers[CONNECTOR].answers(502, json={"error": {}}, headers=UNKNOWN | REPLAYED)
    peers[CONNECTOR].answers(502, json={"error": {}}, headers=UNKNOWN, times=1)
    answer = await client.post("/v0/appX/T", json={})
    assert (answer.status, answer.headers["x-platform-operation"]) == (502, OPERATION)
    assert len(peers[CONNECTOR].requests) == 2


@pytest.mark.parametrize("first", ["lost", "unknown"])
async def test_at_the_end_of_its_time_the_client_gets_the_first_word(client, peers, monkeypatch, first):
    monkeypatch.setattr(again, "SPARE", 0.1)
    peers[CONNECTOR].answers(409, json={}, headers=UNDER_WAY)
    if first == "lost":
        peers[CONNECTOR].fails("lost", times=1)
    else:
        peers[CONNECTOR].answers(502, json={"error": {"type": "X", "message": "who knows"}}, headers=UNKNOWN, times=1)
    answer = await client.post("/v0/appX/T", json={}, headers={"x-timeout-ms": "400"})
    code = "peer.answer-lost" if first == "lost" else "airtable.write-unknown"
    assert (answer.status, answer.headers["x-platform-code"]) == (502, code)
    if first == "unknown":
        assert answer.json()["error"]["message"] == "who knows"
    assert len(peers[CONNECTOR].requests) > 2


@pytest.mark.parametrize("status", [200, 409, 422, 500, 503])
async def test_every_other_answer_is_the_answer(client, peers, status):
    peers[CONNECTOR].answers(status, json={})
    assert (await client.post("/v0/appX/T", json={})).status == status
    assert len(peers[CONNECTOR].requests) == 1


async def test_an_app_that_was_not_reached_is_tried_for_as_long_as_a_start_takes(client, peers):
    peers[CONNECTOR].answers(200, json={})
    peers[CONNECTOR].fails("dead", times=4)  # twice within one question
    assert (await client.post("/v0/appX/T", json={})).status == 200
    assert len(peers[CONNECTOR].requests) == 5


async def test_an_app_that_is_not_started_again_is_told(client, peers):
    peers[CONNECTOR].fails("dead")
    told = (await client.post("/v0/appX/T", json={})).headers["x-platform-code"]
    assert told in ("peer.unavailable", "peer.breaker-open")


async def test_a_route_without_again_tells_a_lost_answer_at_once(client, peers):
    peers[CONNECTOR].fails("lost")
    assert (await client.post("/api/v1/bases", json={})).problem[0] == "peer.answer-lost"
    assert len(peers[CONNECTOR].requests) == 1


async def test_a_client_that_leaves_ends_it(client, peers):
    peers[CONNECTOR].answers(409, json={}, headers=UNDER_WAY)
    peers[CONNECTOR].fails("lost", times=1)
    asking = asyncio.ensure_future(client.post("/v0/appX/T", json={}))
    async with asyncio.timeout(5):
        while len(peers[CONNECTOR].requests) < 3:  # noqa: ASYNC110  another task's requests
            await asyncio.sleep(0.01)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    seen = len(peers[CONNECTOR].requests)
    await asyncio.sleep(0.1)
    assert len(peers[CONNECTOR].requests) <= seen + 1
