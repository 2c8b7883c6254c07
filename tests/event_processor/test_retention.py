"""Events beyond a rule's limits are dropped, never one that somebody has yet to process, and it is told how many."""

import pytest
from sqlalchemy import text

from chassis import Database, Principal
from tests.chassis.events.waiting import until
from tests.event_processor.arriving import CREATED, UPDATED

EVENTS = "/api/v1/events"
RETENTION = f"{EVENTS}/retention"
TOPIC = UPDATED.removesuffix(".v1")
COUNTED = {"columns": {"events": {"op": "count"}}}


@pytest.fixture
def a_day_later(client, app):
    """The job, when everything stored so far is a day old."""

    async def run():
        async with app.state.chassis.container[Database].change(Principal("test", "local")) as change:
            await change.execute(text("UPDATE events SET stored_at = stored_at - interval '1 day'"))
        await applied(client)

    return run


async def applied(client):
    headers = {"dapr-api-token": client.headers["dapr-api-token"]}
    assert (await client.post("/job/apply-retention", headers=headers)).status == 200


async def ruled(client, name="short", **rule):
    answer = await client.put(f"{RETENTION}/{name}", json=rule)
    assert answer.status == 200, answer.body


async def ids(client, **params):
    return [event["id"] for event in (await client.get(EVENTS, params=params)).json()["items"]]


async def dropped(client):
    return [each["dropped"] for each in (await client.get(RETENTION)).json()["items"]]


async def test_the_newest_of_a_topic_stay(client, arriving, a_day_later):
    events = [await arriving.comes(version=n) for n in (1, 2, 3)]
    other = await arriving.comes(CREATED)
    await ruled(client, topic=TOPIC, max_count=2)
    await a_day_later()
    assert await ids(client) == [*events[1:], other]
    assert await dropped(client) == [1]
    await a_day_later()
    assert await dropped(client) == [1]


async def test_what_is_too_old_goes_and_only_from_the_stream_that_is_named(client, arriving, a_day_later):
    await arriving.comes(subject="appA/recA")
    other = await arriving.comes(subject="appA/recB")
    await ruled(client, stream="airtable-connector/appA/recA", max_age_seconds=7_200)
    await a_day_later()
    new = await arriving.comes(subject="appA/recA", version=2)
    await applied(client)
    assert await ids(client) == [other, new]


async def test_what_is_less_than_an_hour_old_stays_whatever_the_rule(client, arriving):
    id = await arriving.comes()
    await ruled(client, topic=TOPIC, max_count=0)
    await applied(client)
    assert await ids(client) == [id]


async def test_what_a_paused_projection_has_not_processed_stays_until_it_has(client, arriving, a_day_later):
    projection = f"{EVENTS}/projections/counted"
    await client.put(projection, json=COUNTED)
    await client.post(f"{projection}/pause")
    id = await arriving.comes()
    await ruled(client, topic=TOPIC, max_count=0)
    await a_day_later()
    assert await ids(client) == [id]
    await client.post(f"{projection}/resume")

    async def caught_up():
        return (await client.get(projection)).json()["lag"] == 0

    await until(caught_up)
    await a_day_later()
    assert await ids(client) == []
    assert (await client.get(f"{projection}/rows")).json()["items"][0]["columns"] == {"events": 1}


async def test_a_projection_whose_events_were_dropped_is_made_again_only_by_force(client, arriving, a_day_later):
    projection = f"{EVENTS}/projections/counted"
    await arriving.comes()
    await client.put(projection, json=COUNTED)

    async def caught_up():
        return (await client.get(projection)).json()["lag"] == 0

    await until(caught_up)
    await ruled(client, topic=TOPIC, max_count=0)
    await a_day_later()
    check = (await client.post(f"{projection}/check")).json()
    assert (check["equal"], check["dropped"]) == (False, 1)
    answer = await client.post(f"{projection}/rebuild")
    assert answer.problem == ("events.log-incomplete", 409, "event-processor")
    assert (await client.post(f"{projection}/rebuild?force=true")).status == 200


async def test_what_a_subscription_has_not_read_or_not_got_settled_stays(client, arriving, a_day_later):
    subscription = f"{EVENTS}/subscriptions/billing"
    await client.put(subscription, json={"after": 0})
    id = await arriving.comes()
    await ruled(client, topic=TOPIC, max_count=0)
    await a_day_later()
    assert await ids(client) == [id]
    (delivery,) = (await client.post(f"{subscription}/pull", json={})).json()["deliveries"]
    await a_day_later()
    assert await ids(client) == [id]
    await client.post(f"{subscription}/ack", json={"receipts": [delivery["receipt"]]})
    await a_day_later()
    assert await ids(client) == []


async def test_a_stream_goes_on_with_its_versions_after_all_of_it_was_dropped(client, a_day_later):
    new = {"stream": "orders", "events": [{"type": "order.paid.v1"}]}
    await client.post(EVENTS, json=new)
    await ruled(client, stream="event-processor/orders", max_count=0)
    await a_day_later()
    answer = await client.post(EVENTS, json={**new, "expected_version": 1})
    assert (answer.status, answer.json()["version"]) == (201, 2)


async def test_a_rule_is_its_tenants_own(client, arriving, acting_as, a_day_later):
    stranger = acting_as(Principal("ann", "acme"))
    id = await arriving.comes()
    await ruled(stranger, topic=TOPIC, max_count=0)
    await a_day_later()
    assert await ids(client) == [id]
    assert (await client.delete(f"{RETENTION}/short")).problem == (
        "events.unknown-retention",
        404,
        "event-processor",
    )
    assert (await stranger.delete(f"{RETENTION}/short")).status == 204


async def test_there_are_only_so_many(client, monkeypatch):
    monkeypatch.setattr("apps.event_processor.service.retaining.RULES", 1)
    await ruled(client, topic=TOPIC, max_count=1)
    answer = await client.put(f"{RETENTION}/another", json={"topic": TOPIC, "max_count": 1})
    assert answer.problem == ("events.too-many-retentions", 409, "event-processor")


@pytest.mark.parametrize(
    "wrong",
    [{}, {"topic": TOPIC}, {"max_count": 1}, {"topic": TOPIC, "stream": "a/b", "max_count": 1},
     {"topic": TOPIC, "max_age_seconds": 60}],
)  # fmt: skip
async def test_what_is_no_rule_is_refused(client, wrong):
    answer = await client.put(f"{RETENTION}/short", json=wrong)
    assert answer.problem == ("request.invalid", 422, "event-processor")
