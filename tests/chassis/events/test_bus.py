"""From a change in one app to a handler in another: one suite for the fake sidecar and for a real daprd on Valkey."""

import asyncio
import contextlib
import time

import orjson
import pytest
import pytest_asyncio

from chassis import AppSettings, Drop, Principal, Retry
from chassis._events import TRIES
from chassis.testing import AppClient, FakeDapr
from chassis.testing._fake import APP_TOKEN

from .notes import reader, writer
from .notes.contracts import NoteAdded
from .real_bus import RealBus
from .test_envelope import TRACE, VALID
from .waiting import until

TOPIC = "note-service.note-added"
DEAD = "dead-letters.reader-service"
GOOD = {**VALID, "data": {"note": "a"}}


class Idle(AppSettings, app_id="idle-service"):
    """An app that the bus' component names, with nothing it may do."""


class Fake:
    """What the suite needs of FakeDapr."""

    def __init__(self, dapr: FakeDapr) -> None:
        self.dapr = dapr
        self.secrets = dapr.secrets

    @contextlib.asynccontextmanager
    async def app(self, app_id, make):
        async with AppClient(make(**self.dapr.settings())).running() as client:
            self.dapr.peers[app_id].serves(client.app, APP_TOKEN)
            await self.dapr.bus.connect(client.app)
            yield client.app
            self.dapr.bus.disconnect(client.app)

    async def trim(self, topic):
        self.dapr.bus.trim(topic)

    async def stream(self, topic):
        letters = self.dapr.bus.dead_letters.get(topic, [])
        return [event for event in self.dapr.bus.published if event["topic"] == topic] + letters

    async def add(self, topic, event):
        await self.add_raw(topic, orjson.dumps(event))

    async def add_raw(self, topic, body):
        await self.dapr.bus.deliver(topic, body)

    async def lose_broker(self):
        self.dapr.bus.available = False

    async def find_broker(self):
        self.dapr.bus.available = True


class Real(RealBus):
    async def add(self, topic, event):
        await self.add_raw(topic, orjson.dumps(event))

    async def add_raw(self, topic, body):
        await self.broker.add(topic, body)

    async def trim(self, topic):
        await self.broker.trim(topic)

    async def lose_broker(self):
        self.broker.kill()

    async def find_broker(self):
        await self.start_broker()


@pytest_asyncio.fixture(params=["fake", "real"])
async def bus(request, new_database, tmp_path):
    identity = FakeDapr()
    async with contextlib.AsyncExitStack() as opened:
        if request.param == "fake":
            found = Fake(await opened.enter_async_context(identity))
        else:
            binaries, broker = (request.getfixturevalue(name) for name in ("dapr_binaries", "broker"))
            found = await opened.enter_async_context(Real(binaries, broker, tmp_path))
        found.identity = identity
        for app_id in ("note-service", "reader-service", "idle-service"):
            identity.service_key(app_id)
            found.secrets[f"database-url/{app_id}"] = await new_database(app_id)
        found.secrets |= identity.secrets
        yield found


@pytest_asyncio.fixture
async def writing(bus):
    async with bus.app("note-service", lambda **how: writer.create(writer.Settings(**how))) as app:
        yield app


@pytest_asyncio.fixture
async def seen(bus):
    async with bus.app("reader-service", lambda **how: reader.create(reader.Settings(**how))) as app:
        yield app.state.chassis.container[reader.Seen]


async def publish(app, *notes):
    db = app.state.chassis.container[writer.Database]
    async with db.change(Principal("ann", "acme")) as change:
        for note in notes:
            change.publish(NoteAdded(note=note))


async def test_an_event_arrives_as_it_left(bus, writing, seen):
    await publish(writing, "a")
    assert await until(seen.effects) == ["a"]
    (event,) = await bus.stream(TOPIC)
    assert (event["sequence"], event["subjectsequence"], event["tenantid"], event["actorid"]) == (
        "1",
        "1",
        "acme",
        "ann",
    )
    assert (event["type"], event["source"], event["subject"]) == (f"{TOPIC}.v1", "note-service", "a")
    assert seen.contexts[0].causation_id == event["id"]
    assert seen.contexts[0].principal == Principal("ann", "acme")


async def test_the_trace_of_an_event_is_the_subscribers(bus, seen):
    await bus.add(TOPIC, {**VALID, "traceparent": TRACE, "traceid": TRACE, "data": {"note": "a"}})
    await until(seen.effects)
    assert seen.contexts[0].trace_id == TRACE[3:35]


async def test_the_trace_of_a_route_is_that_of_the_handler_in_another_app(bus, writing, seen):
    client = AppClient(writing, bus.identity.headers())
    answer = await client.post("/notes", json={"note": "a"}, headers={"traceparent": TRACE})
    assert answer.status == 201
    await until(seen.effects)
    assert seen.contexts[0].trace_id == answer.headers["x-trace-id"] == TRACE[3:35]


async def test_an_app_that_was_away_gets_what_it_missed(bus, writing):
    for note in "ab":
        async with bus.app("reader-service", lambda **how: reader.create(reader.Settings(**how))) as app:
            await until(lambda: has(app.state.chassis.container[reader.Seen], list("ab"[: "ab".index(note)])))  # noqa: B023
        await publish(writing, note)
        await until(lambda: holds(bus, TOPIC, "ab".index(note) + 1))  # noqa: B023
    async with bus.app("reader-service", lambda **how: reader.create(reader.Settings(**how))) as app:
        await until(lambda: has(app.state.chassis.container[reader.Seen], ["a", "b"]))


async def test_an_app_whose_stream_was_trimmed_while_it_was_away_is_handed_what_it_missed(bus, writing, monkeypatch):
    monkeypatch.setattr("chassis._complete.COMPARED", 1.0)
    complete = ("reader-service", lambda **how: reader.create_complete(reader.Settings(**how)))
    async with bus.app(*complete) as app:
        await publish(writing, "before")
        await until(app.state.chassis.container[reader.Seen].effects)
    missed = [f"missed {n:02}" for n in range(20)]
    await publish(writing, *missed)
    await until(lambda: holds(bus, TOPIC, 21))
    await bus.trim(TOPIC)
    async with bus.app(*complete) as app:
        await publish(writing, "after")
        seen = app.state.chassis.container[reader.Seen]
        await until(lambda: has(seen, ["after", "before", *missed]), seconds=30)
        assert len(await seen.effects()) == 22, "an effect happened twice"


@pytest.mark.parametrize("raised", [Retry, LookupError])
async def test_a_failing_handler_gets_the_event_again(bus, writing, seen, raised):
    async def fail_twice(event):
        if len(seen.contexts) < 3:
            raise raised

    seen.behave = fail_twice
    await publish(writing, "a")
    assert await until(seen.effects) == ["a"]
    assert len(seen.contexts) == 3


async def test_an_event_that_is_dropped_is_a_dead_letter_with_a_reason_told_beside(bus, writing, seen):
    async def drop(event):
        raise Drop("nobody wants it")

    seen.behave = drop
    await publish(writing, "a")
    (letter,) = await until(lambda: bus.stream(DEAD))
    (failed,) = await until(lambda: bus.stream("reader-service.event-failed"))
    assert letter["id"] == failed["data"]["event"] == (await bus.stream(TOPIC))[0]["id"]
    assert failed["data"]["problem"] == "nobody wants it"


async def test_a_handler_that_never_succeeds_gets_an_event_eight_times_and_holds_up_no_other(bus, seen):
    async def fail(event):
        if event.note == "poison":
            raise LookupError

    seen.behave = fail
    bringing = asyncio.create_task(bus.add(TOPIC, {**GOOD, "data": {"note": "poison"}}))  # a fake one takes all tries
    await until(lambda: seen.contexts)
    began = time.monotonic()
    await bus.add(TOPIC, {**GOOD, "id": "2"})
    await until(seen.effects)
    assert time.monotonic() - began < 1
    (failed,) = await until(lambda: bus.stream("reader-service.event-failed"), seconds=30)
    assert failed["data"]["attempt"] == TRIES
    await bringing
    await until(lambda: bus.stream(DEAD))
    assert len(seen.contexts) == TRIES + 1


@pytest.mark.parametrize(
    ("poison", "reason"),
    [
        (b"{", "not valid JSON"),
        (orjson.dumps({**GOOD, "traceparent": 7}), "traceparent is not a text"),
        (orjson.dumps({**GOOD, "type": "unknown.v1"}), "its type is unknown.v1"),
        (orjson.dumps({**GOOD, "data": [1]}), "not valid as note-service.note-added.v1"),
        (orjson.dumps({**GOOD, "id": None}), "id is missing"),
        (orjson.dumps({**GOOD, "data": {"note": "x" * 10_000_000}}), "1048576 is the end"),
    ],
    ids=["invalid JSON", "number as traceparent", "wrong type", "wrong data", "no id", "10 MB"],
)
async def test_a_poisonous_event_holds_up_nobody_and_is_listed_with_its_reason(bus, seen, poison, reason):
    await bus.add(TOPIC, {**GOOD, "id": "first"})
    await until(seen.effects)  # what is measured does not happen for the first time in a cold broker
    await bus.add_raw(TOPIC, poison)
    began = time.monotonic()
    await bus.add(TOPIC, {**GOOD, "id": "2", "data": {"note": "b"}})
    await until(lambda: has(seen, ["a", "b"]))
    assert time.monotonic() - began < 1
    await until(lambda: bus.stream(DEAD))
    (failed,) = await until(lambda: bus.stream("reader-service.event-failed"))
    assert reason in failed["data"]["problem"]


async def test_nothing_is_lost_while_the_broker_is_dead(bus, writing, seen):
    await publish(writing, "before")
    await until(seen.effects)
    await bus.lose_broker()
    await publish(writing, "meanwhile")
    await bus.find_broker()
    await until(lambda: has(seen, ["before", "meanwhile"]), seconds=30)


@pytest.mark.parametrize("bus", ["real"], indirect=True)
async def test_an_app_without_events_may_publish_nothing(bus):
    async with bus.app("idle-service", lambda **how: writer.create(Idle(**how))) as app:
        mesh = app.state.chassis.mesh
        async with mesh.session.post(mesh.url(f"/v1.0/publish/bus/{TOPIC}"), json=VALID) as answer:
            assert (answer.status, "ERR_PUBSUB_FORBIDDEN" in await answer.text()) == (403, True)


async def has(seen, notes):
    return sorted(set(await seen.effects())) == notes


async def holds(bus, topic, count):
    return len(await bus.stream(topic)) == count
