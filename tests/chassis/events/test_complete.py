"""An app that must have every event of another one gets them all, though the bus loses everything."""

import contextlib

import orjson
import pytest
import pytest_asyncio
from sqlalchemy import text

from chassis import Database, Retry
from chassis._complete import missing
from chassis.testing import AppClient
from chassis.testing._fake import APP_TOKEN

from .notes import reader
from .waiting import until

TOPIC = "note-service.note-added"
POSITION = text("SELECT position FROM event_source")
RECEIVED = text("SELECT count(*) FROM event_received")


@pytest.fixture(autouse=True)
def _hurried(monkeypatch):
    """Looks at heads every 0.3 s instead of every 10."""
    monkeypatch.setattr("chassis._complete.COMPARED", 0.2)
    monkeypatch.setattr("chassis._complete.SETTLING", 0.1)


@pytest_asyncio.fixture
async def owner(writing, dapr):
    """note-service, which can be asked."""
    dapr.peers["note-service"].serves(writing.app, APP_TOKEN)
    return writing


@pytest_asyncio.fixture
async def complete(dapr, new_database):
    """`async with complete() as seen` is reader-service at work; its database stays when it ends."""
    dapr.secrets["database-url/reader-service"] = await new_database("reader-service")

    @contextlib.asynccontextmanager
    async def running():
        app = reader.create_complete(reader.Settings(**dapr.settings()))
        async with AppClient(app, dapr.headers()).running():
            await dapr.bus.connect(app)
            seen = app.state.chassis.container[reader.Seen]
            seen.metric = app.state.chassis.metrics.registry.get_sample_value
            yield seen
            dapr.bus.disconnect(app)

    return running


async def add(owner, dapr, *notes):
    """Notes whose events the bus has taken."""
    before = len(dapr.bus.published)
    for note in notes:
        assert (await owner.post("/notes", json={"note": note})).status == 201
    await until(lambda: len(dapr.bus.published) >= before + len(notes))


async def effects(seen, *notes):
    await until(lambda: equal(seen, list(notes)))


async def equal(seen, notes):
    return await seen.effects() == notes


async def ask(seen, statement):
    async with seen.db.read(reader.Principal("reader", "local")) as read:
        return await read.scalar(statement)


async def test_an_owner_hands_over_a_range_of_its_events_and_says_what_it_has(owner, dapr):
    await add(owner, dapr, "a", "b", "c")
    answer = await owner.get("/_events", params={"from": 2, "to": 3}, headers={"authorization": None})
    handed = answer.json()
    assert (handed["head"], handed["oldest"]) == (3, 1)
    assert [(event["sequence"], event["subject"]) for event in handed["events"]] == [("2", "b"), ("3", "c")]
    assert handed["events"] == [
        {name: value for name, value in event.items() if name not in ("topic", "pubsubname")}
        for event in dapr.bus.published[1:]
    ]


@pytest.mark.parametrize("query", ["", "?from=1", "?from=x&to=2", "?from=-1&to=2", "?from=1&to=99999999999999999999"])
async def test_a_range_without_numbers_is_refused(owner, query):
    assert (await owner.get(f"/_events{query}")).problem == ("request.invalid", 422, "note-service")


async def test_only_the_mesh_may_ask_for_events(owner):
    answer = await owner.get("/_events?from=1&to=2", headers={"dapr-api-token": None})
    assert answer.problem[0] == "mesh.not-through-sidecar"


async def test_events_the_bus_lost_arrive_once_all_the_same(owner, dapr, complete):
    async with complete() as seen:
        await add(owner, dapr, "a")
        dapr.bus.loses = True
        await add(owner, dapr, "b", "c")
        dapr.bus.loses = False
        await add(owner, dapr, "d")
        await effects(seen, "a", "b", "c", "d")
        await until(lambda: reached(seen, 4))
        assert await ask(seen, RECEIVED) == 0
        assert len(seen.contexts) == 4


async def reached(seen, position):
    return await ask(seen, POSITION) == position


async def test_an_app_that_was_away_while_the_bus_lost_everything_catches_up(owner, dapr, complete):
    async with complete() as seen:
        await add(owner, dapr, "a")
        await effects(seen, "a")
    await add(owner, dapr, *"bcdef")
    dapr.bus.trim(TOPIC)
    async with complete() as seen:
        await effects(seen, *"abcdef")


async def test_a_lost_event_whose_handler_asks_for_a_later_time_is_asked_for_again(owner, dapr, complete):
    async with complete() as seen:

        async def fail_twice(event):
            if len(seen.contexts) < 3:
                raise Retry

        seen.behave = fail_twice
        dapr.bus.loses = True
        await add(owner, dapr, "a")
        await effects(seen, "a")
        assert len(seen.contexts) == 3


async def test_the_metrics_tell_how_many_events_of_an_owner_are_not_there_yet(owner, dapr, complete):
    def behind():
        return seen.metric("events_behind", {"owner": "note-service"})

    async with complete() as seen:

        async def fail(event):
            raise Retry

        seen.behave = fail
        dapr.bus.loses = True
        await add(owner, dapr, "a", "b")
        await until(lambda: behind() == 2)
        seen.behave = None
        await until(lambda: behind() == 0)
        assert await seen.effects() == ["a", "b"]


async def test_more_events_than_one_answer_holds_are_fetched_in_several(owner, dapr, complete, monkeypatch):
    monkeypatch.setattr("chassis._handover.MOST", 2)
    dapr.bus.loses = True
    await add(owner, dapr, *"abcde")
    async with complete() as seen:
        await effects(seen, *"abcde")


async def test_a_newcomer_begins_with_the_oldest_event_that_is_kept(owner, dapr, complete):
    await add(owner, dapr, "a", "b")
    db = owner.app.state.chassis.container[Database]
    async with db.change(reader.Principal("note", "local")) as change:
        await change.execute(text("DELETE FROM outbox WHERE subject = 'a'"))
    dapr.bus.trim(TOPIC)
    async with complete() as seen:
        await effects(seen, "b")
        await until(lambda: reached(seen, 2))


async def test_events_that_are_lost_for_good_are_told_and_hold_up_nobody(owner, dapr, complete, capsys):
    async with complete() as seen:
        await add(owner, dapr, "a")
        await until(lambda: reached(seen, 1))
    await add(owner, dapr, "b", "c")
    db = owner.app.state.chassis.container[Database]
    async with db.change(reader.Principal("note", "local")) as change:
        await change.execute(text("DELETE FROM outbox WHERE subject = 'b'"))
    dapr.bus.trim(TOPIC)
    capsys.readouterr()
    async with complete() as seen:
        await effects(seen, "a", "c")
    (line,) = [line for line in map(orjson.loads, capsys.readouterr().out.splitlines()) if "lost" in line["event"]]
    assert (line["owner"], line["first"], line["count"]) == ("note-service", 2, 1)


async def test_an_owner_that_is_away_is_asked_again(owner, dapr, complete):
    dapr.bus.loses = True
    await add(owner, dapr, "a")
    dapr.peers["note-service"].fails("dead", times=2)
    async with complete() as seen:
        await effects(seen, "a")


def test_missing_are_the_ranges_between_what_was_received():
    assert list(missing(1, 6, {2, 3, 5})) == [(1, 1), (4, 4), (6, 6)]
    assert list(missing(3, 6, {3})) == [(4, 6)]
    assert list(missing(1, 2, {1, 2})) == []
    assert list(missing(5, 4, set())) == []
