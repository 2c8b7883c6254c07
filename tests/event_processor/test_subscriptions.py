"""Workers share a subscription: each event goes to one of them, again until it is done, and aside when it never is."""

import asyncio

import pytest
from sqlalchemy import text

from chassis import Database, Principal
from tests.event_processor.arriving import CREATED, UPDATED

SUBSCRIPTIONS = "/api/v1/events/subscriptions"
BILLING = f"{SUBSCRIPTIONS}/billing"
ALL = {"after": 0}


@pytest.fixture
def lease_over(client, app):
    """Every lease and every pause ends now."""

    async def over():
        async with app.state.chassis.container[Database].change(Principal("test", "local")) as change:
            await change.execute(text("UPDATE outstanding SET due = now() WHERE state <> 'parked'"))

    return over


async def defined(client, name="billing", **definition):
    answer = await client.put(f"{SUBSCRIPTIONS}/{name}", json={**ALL, **definition})
    assert answer.status == 200, answer.body
    return answer.json()


async def pulled(client, **asked):
    answer = await client.post(f"{BILLING}/pull", json=asked)
    assert answer.status == 200, answer.body
    return answer.json()["deliveries"]


async def settled(client, how, deliveries, **more):
    receipts = [each["receipt"] for each in deliveries]
    answer = await client.post(f"{BILLING}/{how}", json={"receipts": receipts, **more})
    assert answer.status == 200, answer.body
    return answer.json()


async def parked(client):
    return (await client.get(f"{BILLING}/parked")).json()["items"]


def ids(deliveries):
    return [each["event"]["id"] for each in deliveries]


async def test_each_chosen_event_goes_to_one_worker(client, arriving):
    await defined(client, events={"type": [UPDATED]})
    expected = [await arriving.comes() for _ in range(6)]
    await arriving.comes(CREATED)
    workers = await asyncio.gather(*(pulled(client, most=2) for _ in range(4)))
    assert sorted(id for worker in workers for id in ids(worker)) == sorted(expected)
    state = (await client.get(BILLING)).json()
    assert (state["leased"], state["position"], state["lag"]) == (6, 7, 0)


async def test_what_is_acknowledged_does_not_come_again(client, arriving, lease_over):
    await defined(client)
    await arriving.comes()
    deliveries = await pulled(client)
    assert await settled(client, "ack", deliveries) == {"settled": 1, "late": []}
    await lease_over()
    assert await pulled(client) == []
    assert (await client.get(BILLING)).json()["leased"] == 0


async def test_what_is_not_settled_within_its_lease_goes_to_another_and_the_first_is_told(client, arriving, lease_over):
    await defined(client)
    id = await arriving.comes()
    first = await pulled(client)
    assert await pulled(client) == []
    await lease_over()
    second = await pulled(client)
    assert (ids(second), second[0]["attempt"]) == ([id], 2)
    assert await settled(client, "ack", first) == {"settled": 0, "late": [first[0]["receipt"]]}
    assert (await settled(client, "ack", second))["settled"] == 1


async def test_what_is_given_back_comes_again_after_its_pause(client, arriving, lease_over):
    await defined(client)
    id = await arriving.comes()
    await settled(client, "nack", await pulled(client), after_seconds=60)
    assert await pulled(client) == []
    assert (await client.get(BILLING)).json()["waiting"] == 1
    await lease_over()
    assert ids(await pulled(client)) == [id]


async def test_an_event_is_parked_when_its_tries_are_used_up(client, arriving, lease_over):
    await defined(client, max_tries=2)
    given_back, forgotten = [await arriving.comes() for _ in range(2)]
    for _ in range(2):
        first, _second = await pulled(client)
        await settled(client, "nack", [first], reason="no such customer")
        await lease_over()
    assert await pulled(client) == []
    reasons = {each["event"]["id"]: (each["attempt"], each["reason"]) for each in await parked(client)}
    assert reasons == {
        given_back: (2, "no such customer"),
        forgotten: (2, "nobody said within its lease that it is done"),
    }


async def test_what_is_parked_is_tried_again_or_forgotten_as_chosen(client, arriving):
    await defined(client)
    events = [await arriving.comes() for _ in range(3)]
    await settled(client, "nack", await pulled(client), park=True)
    (first, *_rest) = await parked(client)
    chosen = {"positions": [first["event"]["position"]]}
    assert (await client.post(f"{BILLING}/parked/purge", json=chosen)).json() == {"events": 1}
    assert (await client.post(f"{BILLING}/parked/replay", json={})).json() == {"events": 2}
    again = await pulled(client)
    assert (ids(again), [each["attempt"] for each in again]) == (events[1:], [1, 1])
    assert await parked(client) == []


async def test_a_worker_that_waits_is_woken_by_the_next_event(client, arriving):
    await defined(client, after=None)
    waiting = asyncio.create_task(pulled(client, wait=20))
    await asyncio.sleep(0)
    id = await arriving.comes()
    assert ids(await waiting) == [id]


async def test_a_new_one_begins_where_it_is_told_to(client, arriving):
    await arriving.comes()
    second = await arriving.comes()
    assert (await defined(client, "from-now", after=None))["position"] == 2
    await defined(client, after=1)
    assert ids(await pulled(client)) == [second]


async def test_another_definition_applies_to_what_is_not_read_yet(client, arriving):
    await defined(client)
    await arriving.comes()
    await pulled(client)
    assert (await defined(client, events={"type": [CREATED]}))["position"] == 1
    await arriving.comes()
    created = await arriving.comes(CREATED)
    assert ids(await pulled(client)) == [created]


async def test_it_takes_no_new_events_when_too_many_are_not_settled(client, arriving, monkeypatch):
    monkeypatch.setattr("apps.event_processor.service.subscribing.OUTSTANDING", 2)
    await defined(client)
    events = [await arriving.comes() for _ in range(3)]
    deliveries = await pulled(client)
    assert ids(deliveries) == events[:2]
    await settled(client, "ack", deliveries[:1])
    assert ids(await pulled(client)) == events[2:]


async def test_tenants_have_their_own_and_see_no_others(client, arriving, acting_as):
    await defined(client)
    stranger = acting_as(Principal("ann", "acme"))
    assert (await stranger.get(SUBSCRIPTIONS)).json()["items"] == []
    assert (await stranger.delete(BILLING)).problem == ("events.unknown-subscription", 404, "event-processor")
    await arriving.comes()
    await defined(stranger)
    assert await pulled(stranger) == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("GET", "", None), ("GET", "/parked", None), ("POST", "/pull", {}), ("POST", "/ack", {"receipts": ["1.1"]}),
     ("POST", "/nack", {"receipts": ["1.1"]}), ("POST", "/parked/replay", {}), ("DELETE", "", None)],
)  # fmt: skip
async def test_one_that_does_not_exist_is_said_so(client, method, path, body):
    answer = await client.request(method, BILLING + path, json=body)
    assert answer.problem == ("events.unknown-subscription", 404, "event-processor")


async def test_there_are_only_so_many(client, monkeypatch):
    monkeypatch.setattr("apps.event_processor.service.subscribing.SUBSCRIPTIONS", 1)
    await defined(client)
    await defined(client)
    answer = await client.put(f"{SUBSCRIPTIONS}/another", json=ALL)
    assert answer.problem == ("events.too-many-subscriptions", 409, "event-processor")
    assert (await client.delete(BILLING)).status == 204
    assert (await client.put(f"{SUBSCRIPTIONS}/another", json=ALL)).status == 200
