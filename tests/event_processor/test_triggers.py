"""A trigger is tried on the past, then tells its event once for each that comes, and never without an end."""

import pytest

from apps.event_processor.domain import triggers
from chassis import Principal
from contracts.event_processor import StoredEvent, TriggerDefinition
from tests.chassis.events.waiting import until
from tests.event_processor.arriving import TRACE, UPDATED, cells

EVENTS = "/api/v1/events"
TRIGGERS = f"{EVENTS}/triggers"
ALARM = f"{TRIGGERS}/alarm"
EXPENSIVE = {
    "events": {"type": [UPDATED]},
    "when": [{"at": "/data/values/Price", "op": "gt", "value": 100}],
    "emit": {
        "type": "price.alarm.v1",
        "stream": "alarms",
        "data": {"level": "high"},
        "taken": {"price": "/data/values/Price", "none": "/data/none"},
    },
}


async def defined(client, name="alarm", definition=EXPENSIVE, *, enabled=True):
    answer = await client.put(f"{TRIGGERS}/{name}", json=definition)
    assert answer.status == 200, answer.body
    if enabled:
        assert (await client.post(f"{TRIGGERS}/{name}/enable")).json()["state"] == "enabled"


async def told(client, stream="event-processor/alarms"):
    return (await client.get(EVENTS, params={"stream": stream})).json()["items"]


async def caught_up(client, name="alarm"):
    async def no_lag():
        found = (await client.get(f"{TRIGGERS}/{name}")).json()
        return found if found["lag"] == 0 else None

    return await until(no_lag)


def chain(source, target):
    """Fires on one type and tells another."""
    return {"events": {"type": [source]}, "emit": {"type": target, "stream": target.partition(".")[0]}}


async def test_it_is_tried_on_the_past_and_nothing_is_told(client, arriving):
    for price in (50, 150, 200):
        await arriving.comes(data=cells(Price=price))
    await arriving.comes(data=cells(Name="free"))
    await defined(client, enabled=False)
    tested = (await client.post(f"{ALARM}/test", json={})).json()
    assert (tested["looked_at"], tested["next"]) == (4, None)
    assert [(fire["position"], fire["data"]) for fire in tested["fires"]] == [
        (2, {"level": "high", "price": 150}),
        (3, {"level": "high", "price": 200}),
    ]
    assert (await client.get(ALARM)).json()["state"] == "disabled"
    assert await told(client) == []


async def test_a_long_test_goes_on_where_the_one_before_ended(client, arriving, monkeypatch):
    monkeypatch.setattr("apps.event_processor.service.triggering.TESTED", 2)
    for _ in range(3):
        await arriving.comes(data=cells(Price=150))
    await defined(client, enabled=False)
    first = (await client.post(f"{ALARM}/test", json={})).json()
    second = (await client.post(f"{ALARM}/test", json={"cursor": first["next"]})).json()
    assert [[fire["position"] for fire in each["fires"]] for each in (first, second)] == [[1, 2], [3]]
    assert second["next"] is None


async def test_it_tells_one_event_for_each_that_comes_while_it_is_enabled(client, arriving):
    await arriving.comes(data=cells(Price=999))
    await defined(client)
    causes = [await arriving.comes(data=cells(Price=price)) for price in (150, 50, 200)]
    assert (await caught_up(client))["fired"] == 2
    first, second = await told(client)
    assert (first["causation_id"], second["causation_id"]) == (causes[0], causes[2])
    assert (first["version"], second["version"]) == (1, 2)
    assert (first["actor"], first["type"], first["data"]) == (
        "trigger/alarm",
        "price.alarm.v1",
        {"level": "high", "price": 150},
    )
    assert (first["correlation_id"], first["trace_id"]) == ("request-1", TRACE)
    tree = (await client.get(f"{EVENTS}/tree/{causes[0]}")).json()
    assert first["id"] in [node["id"] for node in tree["nodes"] if node["parent"] == causes[0]]


async def test_what_comes_while_it_is_disabled_it_never_looks_at(client, arriving):
    await defined(client)
    assert (await client.post(f"{ALARM}/disable")).json()["state"] == "disabled"
    await arriving.comes(data=cells(Price=150))
    await client.post(f"{ALARM}/enable")
    await arriving.comes(data=cells(Price=151))
    await caught_up(client)
    assert [event["data"]["price"] for event in await told(client)] == [151]


async def test_another_definition_has_to_be_enabled_again_and_the_same_has_not(client):
    await defined(client)
    await defined(client, enabled=False)
    assert (await client.get(ALARM)).json()["state"] == "enabled"
    await defined(client, definition={**EXPENSIVE, "when": []}, enabled=False)
    assert (await client.get(ALARM)).json()["state"] == "disabled"


async def test_triggers_that_fire_each_other_are_stopped(client, arriving):
    await defined(client, "ping", chain("pong.done.v1", "ping.done.v1"))
    await defined(client, "pong", chain("ping.done.v1", "pong.done.v1"))
    begun = {"stream": "begin", "events": [{"type": "ping.done.v1"}]}
    await client.post(EVENTS, json=begun)

    async def stopped():
        found = (await client.get(TRIGGERS)).json()["items"]
        return [each for each in found if each["state"] == "failed"]

    (failed,) = await until(stopped)
    assert "5 triggers led to it one after the other" in failed["problem"]
    made = await told(client, "event-processor/ping") + await told(client, "event-processor/pong")
    assert len(made) == 5


@pytest.mark.parametrize(
    "events",
    [
        {},
        {"type": ["price.alarm.v1", UPDATED]},
        {"stream": "event-processor/alarms"},
        {"category": "event-processor"},
    ],
)
async def test_one_that_would_fire_on_what_it_tells_is_refused(client, events):
    answer = await client.put(ALARM, json={**EXPENSIVE, "events": events})
    assert answer.problem == ("events.endless-trigger", 422, "event-processor")


async def test_it_cannot_tell_what_only_its_owner_may(client):
    answer = await client.put(ALARM, json={**EXPENSIVE, "emit": {"type": UPDATED, "stream": "alarms"}})
    assert answer.problem == ("events.foreign-type", 422, "event-processor")


async def test_every_change_of_a_rule_is_in_the_audit_trail(client, audit):
    await defined(client)
    await client.post(f"{ALARM}/test", json={})
    await client.post(f"{ALARM}/disable")
    await client.delete(ALARM)
    assert [(each["action"], each["outcome"]) for each in await audit.entries()] == [
        (f"triggers.{done}", "succeeded") for done in ("define", "enable", "disable", "delete")
    ]


async def test_tenants_have_their_own_and_fire_on_their_own_events_only(client, arriving, acting_as):
    await defined(client)
    stranger = acting_as(Principal("ann", "acme"))
    assert (await stranger.get(TRIGGERS)).json()["items"] == []
    assert (await stranger.post(f"{ALARM}/enable")).problem == ("events.unknown-trigger", 404, "event-processor")
    assert (await stranger.delete(ALARM)).problem == ("events.unknown-trigger", 404, "event-processor")
    await arriving.comes(data=cells(Price=150), tenantid="acme")
    assert (await caught_up(client))["fired"] == 0


async def test_there_are_only_so_many(client, monkeypatch):
    monkeypatch.setattr("apps.event_processor.service.triggering.TRIGGERS", 1)
    await defined(client)
    answer = await client.put(f"{TRIGGERS}/another", json=EXPENSIVE)
    assert answer.problem == ("events.too-many-triggers", 409, "event-processor")


@pytest.mark.parametrize(
    ("op", "value", "holds"),
    [("eq", 5, True), ("eq", "5", False), ("ne", 5, False), ("lt", 6, True), ("lt", 5, False), ("le", 5, True),
     ("gt", 4, True), ("gt", "4", False), ("ge", 5, True), ("ge", True, False), ("in", [4, 5], True), ("in", 5, False),
     ("exists", True, True), ("exists", False, False)],
)  # fmt: skip
def test_what_a_condition_means_for_a_number(op, value, holds):
    assert _fires(op, value, 5) is holds


@pytest.mark.parametrize(
    ("op", "value", "of", "holds"),
    [("eq", 1, True, False), ("eq", True, True, True), ("contains", "da", "Ada", True), ("contains", 2, [1, 2], True),
     ("contains", 1, "1", False), ("lt", "b", "a", True), ("exists", False, None, False)],
)  # fmt: skip
def test_what_a_condition_means_for_other_values(op, value, of, holds):
    assert _fires(op, value, of) is holds


@pytest.mark.parametrize(
    ("op", "holds"), [("eq", False), ("ne", True), ("lt", False), ("in", False), ("exists", False)]
)
def test_what_a_condition_means_where_nothing_stands(op, holds):
    assert _fires(op, True, 1, at="/data/other") is holds


def _fires(op, value, of, at="/data/it"):
    definition = TriggerDefinition.model_validate(
        {**chain("a.b.v1", "c.d.v1"), "when": [{"at": at, "op": op, "value": value}]}
    )
    texts = dict.fromkeys(
        ("id", "stream", "type", "stored_type", "actor", "correlation_id", "causation_id", "trace_id"), ""
    )
    moments = dict.fromkeys(("time", "stored_at"), "2026-11-25T10:00:00Z")
    event = StoredEvent(position=1, version=1, sequence=None, data={"it": of}, **texts, **moments)
    return triggers.fires(definition, event) is not None
