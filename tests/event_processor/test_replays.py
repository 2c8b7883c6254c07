"""Stored events are brought to one consumer again, as many as chosen and no faster than asked."""

import orjson
import pytest

from tests.event_processor.arriving import CREATED, UPDATED

REPLAYS = "/api/v1/events/replays"
CONSUMER = "audit-service"
TOPIC = UPDATED.removesuffix(".v1")


@pytest.fixture
def consumer(client, peers):
    """Subscribes to record-updated, and handles what it gets."""
    peers[CONSUMER].answers(json=[{"topic": TOPIC}], method="GET", path="/dapr/subscribe")
    return peers[CONSUMER].answers(204, method="POST", path=f"/dapr/events/{TOPIC}")


def brought(consumer):
    return [orjson.loads(request.body) for request in consumer.requests if request.path.startswith("/dapr/events")]


async def replayed(client, **asked):
    answer = await client.post(REPLAYS, json={"consumer": CONSUMER, "rate": 500, **asked})
    assert answer.status == 200, answer.body
    return answer.json()


async def test_chosen_events_come_again_in_order_as_their_owner_sent_them(client, arriving, consumer):
    events = [arriving.made(version=n, causationid="the-cause") for n in (1, 2)]
    for event in events:
        await arriving.brings(event)
    await arriving.comes(CREATED)
    await arriving.comes(subject="another")
    answer = await replayed(client, events={"stream": "airtable-connector/appA/recA"})
    assert answer == {"dry_run": False, "done": 2, "again": 0, "refused": 0, "skipped": 1, "next": None}
    for sent, came in zip(events, brought(consumer), strict=True):
        kept = {name for name in sent if name not in ("time", "traceparent")}
        assert {name: came[name] for name in kept} == {name: sent[name] for name in kept}
        assert came["traceparent"][3:35] == sent["traceparent"][3:35]


async def test_a_dry_run_brings_nothing_and_says_how_many_it_would_be(client, arriving, consumer):
    await arriving.comes()
    await arriving.comes(CREATED)
    answer = await replayed(client, dry_run=True)
    assert (answer["done"], answer["skipped"]) == (1, 1)
    assert brought(consumer) == []


async def test_a_long_replay_goes_on_where_the_request_before_ended(client, arriving, consumer, monkeypatch):
    monkeypatch.setattr("apps.event_processor.service.replaying.REPLAYED", 2)
    ids = [await arriving.comes() for _ in range(3)]
    first = await replayed(client)
    assert (first["done"], first["next"]) == (2, 2)
    assert (await replayed(client, cursor=first["next"]))["next"] is None
    assert [event["id"] for event in brought(consumer)] == ids


async def test_what_the_consumer_refuses_is_counted(client, arriving, consumer):
    await arriving.comes()
    consumer.answers(404, path=f"/dapr/events/{TOPIC}")
    assert (await replayed(client))["refused"] == 1


async def test_events_come_no_faster_than_asked(client, arriving, consumer, monkeypatch):
    pauses = []

    async def pause(seconds):
        pauses.append(seconds)

    for _ in range(3):
        await arriving.comes()
    monkeypatch.setattr("apps.event_processor.service.replaying.asyncio.sleep", pause)
    await replayed(client, rate=1)
    assert [round(seconds) for seconds in pauses if seconds > 0.5] == [1, 2]


async def test_a_consumer_that_is_away_is_named(client, peers):
    peers[CONSUMER].fails("dead")
    answer = await client.post(REPLAYS, json={"consumer": CONSUMER})
    assert answer.problem == ("peer.unavailable", 503, CONSUMER)


@pytest.mark.parametrize("type", [[], [UPDATED]])
async def test_one_that_the_mesh_opens_no_way_to_subscribes_to_nothing(client, arriving, peers, type):
    await arriving.comes()
    peers[CONSUMER].fails("denied")
    answer = await client.post(REPLAYS, json={"consumer": CONSUMER, "events": {"type": type}})
    assert answer.problem == ("events.not-subscribed", 422, "event-processor")
    assert "audit-service subscribes to nothing" in answer.json()["detail"]


async def test_one_that_hears_none_of_the_chosen_types_is_told_what_it_hears(client, arriving, consumer):
    await arriving.comes(CREATED)
    answer = await client.post(REPLAYS, json={"consumer": CONSUMER, "events": {"type": [CREATED]}, "dry_run": True})
    assert answer.problem == ("events.not-subscribed", 422, "event-processor")
    assert f"subscribes to {TOPIC}." in answer.json()["detail"]


async def test_one_that_cannot_say_what_it_hears_is_at_fault(client, peers):
    peers[CONSUMER].answers(500, method="GET", path="/dapr/subscribe")
    answer = await client.post(REPLAYS, json={"consumer": CONSUMER})
    assert answer.problem == ("peer.unavailable", 503, CONSUMER)
