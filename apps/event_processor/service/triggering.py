"""Triggers: tried on the past, and fired by what comes while they are enabled, exactly once for each event."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from apps.event_processor.domain import triggers
from apps.event_processor.domain.catalogue import OWN
from apps.event_processor.domain.entries import Entry, traceparent_of
from apps.event_processor.domain.errors import TooManyTriggers, UnknownTrigger
from apps.event_processor.service.bell import Bell
from apps.event_processor.store import EventStore, TriggerStore
from chassis import Change, Database, Principal, Read, uuid7
from contracts.event_processor import (
    CHAIN,
    TESTED,
    TRIGGERS,
    Firing,
    StoredEvent,
    Trigger,
    TriggerDefinition,
    TriggerTested,
)
from contracts.listing import Listing

BATCH = 100  # events of one transaction


class Triggers:
    def __init__(self, db: Database, events: EventStore, store: TriggerStore, bell: Bell) -> None:
        self._db, self._events, self._store, self._bell = db, events, store, bell

    async def all(self, who: Principal) -> Listing[Trigger]:
        async with self._db.read(who) as read:
            return Listing(items=await self._store.all(read))

    async def get(self, name: str, who: Principal) -> Trigger:
        """Raises UnknownTrigger."""
        async with self._db.read(who) as read:
            found = await self._store.all(read, name)
        if not found:
            raise _unknown(name)
        return found[0]

    async def put(self, name: str, definition: TriggerDefinition, who: Principal) -> Trigger:
        """Create it, or define it anew: it is disabled then. The same definition changes nothing.

        Raises ForeignType, EndlessTrigger, TooManyTriggers.
        """
        triggers.check(definition)
        async with self._db.change(who) as change:
            known = {each.name: each.definition for each in await self._store.all(change)}
            if name not in known and len(known) >= TRIGGERS:
                raise TooManyTriggers(f"You have {TRIGGERS} triggers. Delete one first.")
            if known.get(name) != definition:
                await self._store.put(change, name, definition)
        return await self.get(name, who)

    async def enable(self, name: str, who: Principal) -> Trigger:
        """For what comes from now on. Raises UnknownTrigger."""
        await self.get(name, who)
        async with self._db.change(who) as change:
            await self._store.enable(change, name)
        return await self.get(name, who)

    async def disable(self, name: str, who: Principal) -> Trigger:
        """Raises UnknownTrigger."""
        await self.get(name, who)
        async with self._db.change(who) as change:
            await self._store.halt(change, name, "disabled")
        return await self.get(name, who)

    async def delete(self, name: str, who: Principal) -> None:
        """Raises UnknownTrigger."""
        async with self._db.change(who) as change:
            if not await self._store.delete(change, name):
                raise _unknown(name)

    async def test(self, name: str, cursor: int, who: Principal) -> TriggerTested:
        """What it would have told, of the past beyond `cursor`. Raises UnknownTrigger."""
        definition = (await self.get(name, who)).definition
        async with self._db.read(who) as read:
            batch = await self._events.following(read, definition.events, cursor, TESTED)
        fired = [firing for event in batch if (firing := triggers.fires(definition, event))]
        return TriggerTested(
            looked_at=len(batch), fires=fired, next=batch[-1].position if len(batch) == TESTED else None
        )

    async def due(self, read: Read) -> Sequence[Any]:
        """(tenant, name) of those that have something to read, of all tenants."""
        return await self._store.due(read)

    async def fail(self, change: Change, name: str, problem: str) -> None:
        """It stands still until somebody sees to it."""
        await self._store.halt(change, name, "failed", problem)

    async def advance(self, change: Change, name: str) -> None:
        """Take it a batch further, unless somebody else does."""
        taken = await self._store.take(change, name)
        if taken is None:
            return
        definition, position = taken
        head = await self._events.head(change)
        batch = await self._events.following(change, definition.events, position, BATCH)
        told = []
        for event in batch:
            firing = triggers.fires(definition, event)
            if firing is None:
                continue
            if await self._store.chain(change, event.id) >= CHAIN:
                problem = f"stopped at event {event.id}: {CHAIN} triggers led to it one after the other"
                await self._store.halt(change, name, "failed", problem)
                break
            told.append((event, firing))
        if told:
            version = await self._events.own_version(change, definition.emit.stream)
            entries = [
                _entry(name, event, firing, change.tenant, number)
                for number, (event, firing) in enumerate(told, start=version + 1)
            ]
            await self._events.add(change, entries)
            change.after_commit(self._bell.ring)
        reached = batch[-1].position if batch else position
        if len(batch) < BATCH:
            reached = max(reached, head)  # what was stored since the head was read may be in the batch already
        await self._store.move(change, name, reached, len(told))


def _entry(trigger: str, event: StoredEvent, firing: Firing, tenant: str, version: int) -> Entry:
    return Entry(
        tenant=tenant,
        source=OWN,
        id=str(uuid7()),
        subject=firing.stream.partition("/")[2],
        type=firing.type,
        version=version,
        sequence=None,
        time=datetime.now(UTC),
        actor=triggers.ACTOR + trigger,
        correlation_id=event.correlation_id,
        causation_id=event.id,
        traceparent=traceparent_of(event.trace_id),
        data=orjson.dumps(firing.data),
    )


def _unknown(name: str) -> UnknownTrigger:
    return UnknownTrigger(f"There is no trigger {name} of yours.")
