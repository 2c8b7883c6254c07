"""Events leave with their change, once it is committed, and with numbers that have no gap."""

import asyncio
from typing import ClassVar

import orjson
import pytest
from sqlalchemy import text

from chassis import Principal

from .notes.contracts import NoteAdded

ROWS = text("SELECT * FROM outbox ORDER BY id")


class Elsewhere(NoteAdded):
    TOPIC: ClassVar[str] = "other-service.note-added"
    TYPE: ClassVar[str] = "other-service.note-added.v1"


async def rows(db, who):
    async with db.read(who) as read:
        return (await read.execute(ROWS)).all()


async def test_an_event_is_a_row_of_the_change_it_tells_of(db, who):
    async with db.change(who) as change:
        change.publish(NoteAdded(note="a"))

    (row,) = await rows(db, who)
    assert (row.topic, row.subject, row.tenant, row.sequence) == ("note-service.note-added", "a", "local", None)
    assert orjson.loads(row.envelope)["id"] == str(row.id)


async def test_a_change_that_is_undone_tells_nothing(db, who):
    async def fail():
        async with db.change(who) as change:
            change.publish(NoteAdded(note="a"))
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await rows(db, who) == []
    assert not db.published.is_set()


async def test_events_of_one_subject_are_counted_and_each_subject_and_tenant_by_itself(db, who):
    async with db.change(who) as change:
        for note in ("a", "b", "a"):
            change.publish(NoteAdded(note=note))
    async with db.change(who) as change:
        change.publish(NoteAdded(note="a"))
    async with db.change(Principal("ann", "acme")) as change:
        change.publish(NoteAdded(note="a"))

    numbers = [(row.tenant, row.subject, row.subject_sequence) for row in await rows(db, who)]
    assert numbers == [("local", "a", 1), ("local", "b", 1), ("local", "a", 2), ("local", "a", 3), ("acme", "a", 1)]


async def test_two_changes_about_the_same_things_in_another_order_do_not_wait_for_each_other_forever(db, who):
    async def add(*notes):
        async with db.change(who) as change:
            for note in notes:
                change.publish(NoteAdded(note=note))

    await asyncio.gather(*(add("a", "b") if n % 2 else add("b", "a") for n in range(20)))

    counted = sorted((row.subject, row.subject_sequence) for row in await rows(db, who))
    assert counted == [(note, n) for note in ("a", "b") for n in range(1, 21)]


async def test_an_app_cannot_publish_another_apps_event(db, who):
    with pytest.raises(TypeError, match="other-service"):
        async with db.change(who) as change:
            change.publish(Elsewhere(note="a"))


async def test_an_event_too_large_to_be_one_is_refused(db, who):
    with pytest.raises(ValueError, match="tell where the rest is"):
        async with db.change(who) as change:
            change.publish(NoteAdded(note="a", text="x" * 300_000))
