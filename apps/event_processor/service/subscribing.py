"""Subscriptions that workers share: events are handed out under a lease, and settled one by one."""

import asyncio

from apps.event_processor.domain.errors import TooManySubscriptions, UnknownSubscription
from apps.event_processor.service.bell import Bell
from apps.event_processor.store import EventStore, SubscriptionStore
from chassis import Change, Database, Principal
from contracts.event_processor import (
    OUTSTANDING,
    PULLED,
    SUBSCRIPTIONS,
    Ack,
    Delivered,
    Nack,
    ParkedChosen,
    ParkedEvent,
    ParkedSettled,
    Pull,
    Pulled,
    Settled,
    Subscription,
    SubscriptionDefinition,
)
from contracts.listing import Listing


class Subscriptions:
    def __init__(self, db: Database, events: EventStore, store: SubscriptionStore, bell: Bell) -> None:
        self._db, self._events, self._store, self._bell = db, events, store, bell

    async def all(self, who: Principal) -> Listing[Subscription]:
        async with self._db.read(who) as read:
            return Listing(items=await self._store.all(read))

    async def get(self, name: str, who: Principal) -> Subscription:
        """Raises UnknownSubscription."""
        async with self._db.read(who) as read:
            found = await self._store.all(read, name)
        if not found:
            raise _unknown(name)
        return found[0]

    async def put(self, name: str, definition: SubscriptionDefinition, who: Principal) -> Subscription:
        """Create it, or define it anew: what it has handed out stays as it is. Raises TooManySubscriptions."""
        async with self._db.change(who) as change:
            known = {each.name for each in await self._store.all(change)}
            if name not in known and len(known) >= SUBSCRIPTIONS:
                raise TooManySubscriptions(f"You have {SUBSCRIPTIONS} subscriptions. Delete one first.")
            after = await self._events.head(change) if definition.after is None else definition.after
            await self._store.put(change, name, definition, after)
        return await self.get(name, who)

    async def delete(self, name: str, who: Principal) -> None:
        """With everything that is handed out or parked. Raises UnknownSubscription."""
        async with self._db.change(who) as change:
            if not await self._store.delete(change, name):
                raise _unknown(name)

    async def pull(self, name: str, asked: Pull, who: Principal) -> Pulled:
        """Waits for the first event if asked to. Raises UnknownSubscription."""
        clock = asyncio.get_running_loop().time
        until = clock() + asked.wait
        while True:
            async with self._db.change(who, at_once=True) as change:  # nothing is held while it waits
                deliveries = await self._hand_out(change, name, asked.most)
            left = until - clock()
            if deliveries or left <= 0:
                return Pulled(deliveries=deliveries)
            await self._bell.wait(left)

    async def ack(self, name: str, asked: Ack, who: Principal) -> Settled:
        """Raises UnknownSubscription."""
        given = _read(asked)
        await self.get(name, who)
        async with self._db.change(who) as change:
            return _settled(given, await self._store.ack(change, name, given))

    async def nack(self, name: str, asked: Nack, who: Principal) -> Settled:
        """Raises UnknownSubscription."""
        given, tries = _read(asked), (await self.get(name, who)).definition.max_tries
        async with self._db.change(who) as change:
            pause, reason = asked.after_seconds, asked.reason or "a worker gave it back"
            settled = await self._store.nack(
                change, name, given, tries=tries, park=asked.park, pause=pause, reason=reason
            )
            change.after_commit(self._bell.ring)
            return _settled(given, settled)

    async def parked(self, name: str, cursor: int, who: Principal) -> Listing[ParkedEvent]:
        """Raises UnknownSubscription."""
        await self.get(name, who)
        async with self._db.read(who) as read:
            rows = await self._store.parked(read, name, cursor, PULLED)
            events = await self._events.at(read, [row.position for row in rows])
        items = [ParkedEvent.model_validate({**row._mapping, "event": events[row.position]}) for row in rows]
        return Listing(items=items, next=str(rows[-1].position) if len(rows) == PULLED else None)

    async def unpark(self, name: str, chosen: ParkedChosen, who: Principal, *, purge: bool = False) -> ParkedSettled:
        """Have them tried again from the first try on, or forget them. Raises UnknownSubscription."""
        await self.get(name, who)
        async with self._db.change(who) as change:
            change.after_commit(self._bell.ring)
            return ParkedSettled(events=await self._store.unpark(change, name, chosen.positions, purge=purge))

    async def _hand_out(self, change: Change, name: str, most: int) -> list[Delivered]:
        taken = await self._store.take(change, name)
        if taken is None:
            raise _unknown(name)
        definition, position = taken
        leases = await self._store.lease_again(change, name, definition, most)
        events = await self._events.at(change, [lease.position for lease in leases])
        room = min(most - len(leases), OUTSTANDING - await self._store.outstanding(change, name))
        if room > 0:
            head = await self._events.head(change)
            new = await self._events.following(change, definition.events, position, room)
            # Less than asked for: all up to the head is read. What came since the head was read may be among them.
            reached = max(head if len(new) < room else 0, new[-1].position if new else position)
            if reached > position:
                await self._store.move(change, name, reached)
            leases += await self._store.lease(change, name, definition, [event.position for event in new])
            events |= {event.position: event for event in new}
        return [
            Delivered(
                receipt=f"{lease.position}.{lease.attempt}",
                attempt=lease.attempt,
                until=lease.due,
                event=events[lease.position],
            )
            for lease in sorted(leases, key=lambda lease: lease.position)
        ]


def _read(asked: Ack) -> list[tuple[int, int]]:
    return [(int(position), int(attempt)) for position, attempt in (each.split(".") for each in asked.receipts)]


def _settled(given: list[tuple[int, int]], settled: set[tuple[int, int]]) -> Settled:
    late = [f"{position}.{attempt}" for position, attempt in given if (position, attempt) not in settled]
    return Settled(settled=len(settled), late=late)


def _unknown(name: str) -> UnknownSubscription:
    return UnknownSubscription(f"There is no subscription {name} of yours.")
