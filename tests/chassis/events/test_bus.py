"""From a change in one app to a handler in another: one suite for the fake sidecar and for a real daprd on Valkey."""

import asyncio
import contextlib
import time

import orjson
import pytest
import pytest_asyncio

from chassis import AppSettings, Drop, Principal
from chassis._events import TRIES
from chassis.testing import AppClient, FakeDapr

from .notes import reader, writer
from .notes.contracts import NoteAdded
from .real_bus import RealBus
from .test_envelope import TRACE, VALID
from .waiting import until

TOPIC = "note-service.note-added"
DEAD = "dead-letters.reader-service"


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
            await self.dapr.bus.connect(client.app)
            yield client.app

    def stream(self, topic):
        letters = self.dapr.bus.dead_letters.get(topic, [])
        return [event for event in self.dapr.bus.published if event["topic"] == topic] + letters

    async def add(self, topic, event):
        await self.dapr.bus.deliver(topic, orjson.dumps(event))

    async def lose_broker(self):
        self.dapr.bus.available = False

    async def find_broker(self):
        self.dapr.bus.available = True


class Real(RealBus):
    async def add(self, topic, event):
        super().add(topic, orjson.dumps(event))

    async def lose_broker(self):
        self.kill_broker()

    async def find_broker(self):
        await self.start_broker()


@pytest_asyncio.fixture(params=["fake", "real"])
async def bus(request, new_database, tmp_path):
    if request.param == "fake":
        async with FakeDapr() as dapr:
            found = Fake(dapr)
            found.secrets["database-url/note-service"] = await new_database("note-service")
            found.secrets["database-url/reader-service"] = await new_database("reader-service")
            found.secrets["database-url/idle-service"] = await new_database("idle-service")
            yield found
    else:
        binaries, valkey = (request.getfixturevalue(name) for name in ("dapr_binaries", "valkey"))
        async with Real(binaries, valkey, tmp_path / "real") as found:
            found.secrets["database-url/note-service"] = await new_database("note-service")
            found.secrets["database-url/reader-service"] = await new_database("reader-service")
            found.secrets["database-url/idle-service"] = await new_database("idle-service")
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
    (event,) = bus.stream(TOPIC)
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


async def test_a_failing_handler_gets_the_event_again(bus, writing, seen):
    async def fail_twice(event):
        if len(seen.contexts) < 3:
            raise LookupError

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
    assert letter["id"] == failed["data"]["event"] == bus.stream(TOPIC)[0]["id"]
    assert failed["data"]["problem"] == "nobody wants it"


async def test_a_handler_that_never_succeeds_gets_an_event_eight_times_and_holds_up_no_other(bus, writing, seen):
    async def fail(event):
        if event.note == "poison":
            raise LookupError

    seen.behave = fail
    await publish(writing, "poison")
    await until(lambda: seen.contexts)
    began = time.monotonic()
    await publish(writing, "a")
    await until(seen.effects)
    assert time.monotonic() - began < 1
    (failed,) = await until(lambda: bus.stream("reader-service.event-failed"), seconds=30)
    assert failed["data"]["attempt"] == TRIES
    await until(lambda: bus.stream(DEAD))
    assert len(seen.contexts) == TRIES + 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"traceparent": 7},
        {"type": "unknown.v1"},
        {"data": [1]},
        {"id": None},
        {"data": {"note": "x" * 10_000_000}},
    ],
    ids=["number as traceparent", "wrong type", "wrong data", "no id", "10 MB"],
)
async def test_a_poisonous_event_holds_up_nobody(bus, seen, wrong):
    await bus.add(TOPIC, {**VALID, "data": {"note": "a"}, **wrong})
    began = time.monotonic()
    await bus.add(TOPIC, {**VALID, "id": "2", "data": {"note": "b"}})
    assert await until(seen.effects) == ["b"]
    assert time.monotonic() - began < 1


async def test_nothing_is_lost_while_the_broker_is_dead(bus, writing, seen):
    await publish(writing, "before")
    await until(seen.effects)
    await bus.lose_broker()
    await publish(writing, "meanwhile")
    await bus.find_broker()
    await until(lambda: has(seen, ["before", "meanwhile"]), seconds=30)


@pytest.mark.parametrize("bus", ["real"], indirect=True)
async def test_every_change_has_its_effect_once_though_everything_dies_and_the_broker_loses_its_data(
    bus, writing, postgres, monkeypatch
):
    monkeypatch.setattr("chassis._complete.COMPARED", 1.0)
    notes = [f"{n:03}" for n in range(120)]

    async def change(some):
        for note in some:
            await publish(writing, note)

    async with bus.app("reader-service", lambda **how: reader.create_complete(reader.Settings(**how))) as app:
        seen = app.state.chassis.container[reader.Seen]
        await change(notes[:20])
        bus.kill_broker()
        await change(notes[20:40])
        await bus.start_broker()
        await change(notes[40:60])
        await bus.kill_sidecar("note-service")
        await change(notes[60:80])
        await bus.kill_sidecar("reader-service")
        await change(notes[80:100])
        bus.client.flushall()
        postgres.kill()
        await asyncio.to_thread(postgres.start)
        await until(lambda: answers(writing))
        await change(notes[100:])
        await until(lambda: has(seen, notes), seconds=60)
        assert sorted(await seen.effects()) == notes, "an effect happened twice"


async def answers(app):
    return await app.state.chassis.container[writer.Database].ready() is None


@pytest.mark.parametrize("bus", ["real"], indirect=True)
async def test_an_app_without_events_may_publish_nothing(bus):
    async with bus.app("idle-service", lambda **how: writer.create(Idle(**how))) as app:
        mesh = app.state.chassis.mesh
        async with mesh.session.post(mesh.url(f"/v1.0/publish/bus/{TOPIC}"), json=VALID) as answer:
            assert (answer.status, "ERR_PUBSUB_FORBIDDEN" in await answer.text()) == (403, True)


async def has(seen, notes):
    return sorted(set(await seen.effects())) == notes
