"""What is committed reaches the bus, whatever is away meanwhile; numbers have no gap."""

import asyncio
import contextlib
import time
from datetime import timedelta

import pytest_asyncio
from sqlalchemy import text

from chassis import Database, Principal, _relay
from chassis._logs import Log
from chassis._mesh import Mesh
from chassis._relay import Relay
from chassis._telemetry import Metrics

from .notes.contracts import NoteAdded
from .notes.writer import Settings
from .waiting import until

UNPUBLISHED = text("SELECT count(*) FROM outbox WHERE published_at IS NULL")


@pytest_asyncio.fixture
async def relay(dapr):
    """`async with relay(db)` is the relay of one replica, at work."""
    meshes = []

    @contextlib.asynccontextmanager
    async def one(db, metrics=None):
        mesh = Mesh(Settings(**dapr.settings()))
        meshes.append(mesh)
        working = Relay(db, mesh, metrics or Metrics("note-service"), Log("note-service"))
        await working.start()
        try:
            yield working
        finally:
            await working.stop()

    yield one
    for mesh in meshes:
        await mesh.aclose()


async def publish(db, who, *notes):
    async with db.change(who) as change:
        for note in notes:
            change.publish(NoteAdded(note=note))


def sequences(dapr):
    return sorted(int(event["sequence"]) for event in dapr.bus.published)


async def test_an_event_is_published_at_once_after_the_commit(db, who, dapr, relay):
    async with relay(db):
        await publish(db, who, "before")  # the first round of a relay is at its start
        await until(lambda: dapr.bus.published)
        began = time.monotonic()
        await publish(db, who, "a")
        await until(lambda: len(dapr.bus.published) == 2)
    assert time.monotonic() - began < 0.8, "it was the poll, not the commit, that woke the relay"
    assert dapr.bus.published[1]["subject"] == "a"
    assert dapr.bus.published[1]["topic"] == "note-service.note-added"


async def test_an_event_that_a_dead_process_left_is_published_by_another(db, who, dapr, relay, connect):
    await publish(db, who, "a")  # nobody was there to be woken
    async with relay(connect()):
        await until(lambda: dapr.bus.published)
        await until(lambda: all_published(db, who))


async def test_an_event_of_which_nobody_tells_it_is_found_by_a_relay_at_rest(
    db, who, dapr, relay, connect, monkeypatch
):
    monkeypatch.setattr(_relay, "IDLE", 0.2)
    async with relay(connect()):
        await publish(db, who, "a")  # wakes its own process' relay, and there is none
        await until(lambda: dapr.bus.published)


async def test_a_relay_looks_seldom_while_nothing_waits_and_often_while_something_does(db, who, dapr, relay):
    async with relay(db) as working:
        await working.stop()
    again = await working._round()
    assert again == _relay.IDLE
    dapr.bus.forbidden.add("note-service.note-added")
    await publish(db, who, "refused")
    working._measured = 0.0
    assert await working._round() == _relay.POLL


async def test_numbers_have_no_gap_though_two_replicas_publish_and_changes_are_undone(db, who, dapr, relay, connect):
    async def undone():
        with contextlib.suppress(LookupError):
            async with db.change(who) as change:
                change.publish(NoteAdded(note="never"))
                raise LookupError

    async with relay(db), relay(connect()):
        await asyncio.gather(*(publish(db, who, f"{n}") for n in range(60)), *(undone() for _ in range(20)))
        await until(lambda: len({event["id"] for event in dapr.bus.published}) == 60)
    assert sorted(set(sequences(dapr))) == list(range(1, 61))


async def test_events_of_one_subject_are_published_in_their_order(db, who, dapr, relay):
    for _ in range(30):
        await publish(db, who, "a", "b")
    async with relay(db):
        await until(lambda: len(dapr.bus.published) == 60)
    for subject in ("a", "b"):
        numbers = [int(e["subjectsequence"]) for e in dapr.bus.published if e["subject"] == subject]
        assert numbers == list(range(1, 31))


async def test_events_wait_while_the_broker_is_away_and_leave_when_it_is_back(db, who, dapr, relay, capsys):
    dapr.bus.available = False
    async with relay(db):
        await publish(db, who, "a")
        await until(lambda: "events wait in the outbox" in capsys.readouterr().out)
        dapr.bus.available = True
        await until(lambda: dapr.bus.published)
    assert sequences(dapr) == [1]


async def test_events_wait_while_the_sidecar_is_away_and_leave_when_it_is_back(db, who, dapr, relay, capsys):
    await publish(db, who, "a")
    await dapr.stop()
    async with relay(db):
        await until(lambda: "events wait in the outbox" in capsys.readouterr().out)
        await dapr.start()
        await until(lambda: dapr.bus.published)


async def test_a_relay_outlives_the_loss_of_its_database(db, who, dapr, relay, postgres, capsys):
    async with relay(db):
        await publish(db, who, "a")
        await until(lambda: dapr.bus.published)
        postgres.kill()
        await until(lambda: "events wait in the outbox" in capsys.readouterr().out)
        await asyncio.to_thread(postgres.start)
        await publish(db, who, "b")
        await until(lambda: len({e["id"] for e in dapr.bus.published}) == 2)


async def test_an_event_the_sidecar_refuses_does_not_hold_up_the_others(db, who, dapr, relay):
    dapr.bus.forbidden.add("note-service.note-added")
    async with relay(db) as working:
        await publish(db, who, "refused")
        await until(lambda: working._aside)
        dapr.bus.forbidden.clear()
        await publish(db, who, "taken")
        await until(lambda: dapr.bus.published)
    assert [event["subject"] for event in dapr.bus.published] == ["taken"]
    assert await unpublished(db, who) == 1


async def test_published_events_are_kept_a_day_and_unpublished_ones_for_ever(db, who, dapr, relay):
    async with relay(db):
        await publish(db, who, "a", "b")
        await until(lambda: dapr.bus.published)
        await until(lambda: all_published(db, who))
    dapr.bus.available = False
    await publish(db, who, "c")
    yesterday = text("""
        UPDATE outbox SET created_at = created_at - CAST(:ago AS interval),
            published_at = published_at - CAST(:ago AS interval)
        WHERE subject <> 'b'
    """)
    async with db.change(who) as change:
        await change.execute(yesterday, {"ago": timedelta(hours=25)})
    async with relay(db) as working:
        with contextlib.suppress(Exception):
            await working._round()
        await working._tidy()
    async with db.read(who) as read:
        kept = [row.subject for row in await read.execute(text("SELECT subject FROM outbox ORDER BY id"))]
    assert kept == ["b", "c"]


async def test_the_metrics_tell_how_many_events_wait_and_how_long(db, who, dapr, relay):
    metrics = Metrics("note-service")
    dapr.bus.available = False
    await publish(db, who, "a", "b")
    read = metrics.registry.get_sample_value
    async with relay(db, metrics):
        await until(lambda: read("events_publish_failed_total"))
        assert read("outbox_rows") == 2
        await until(lambda: read("outbox_oldest_seconds") > 0)
        dapr.bus.available = True
        await until(lambda: read("events_published_total") == 2)
        await until(lambda: read("outbox_rows") == 0)


async def all_published(db: Database, who: Principal) -> bool:
    return await unpublished(db, who) == 0


async def unpublished(db: Database, who: Principal) -> int:
    async with db.read(who) as read:
        return await read.scalar(UNPUBLISHED)
