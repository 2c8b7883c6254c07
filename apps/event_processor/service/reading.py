"""Reading the log, waiting for its next event, and the trees that grow out of it."""

import asyncio

from apps.event_processor.domain import tree
from apps.event_processor.domain.errors import UnknownEvent
from apps.event_processor.service.bell import Bell
from apps.event_processor.store import EventStore
from chassis import Database, Principal
from contracts.event_processor import EventsQuery, StoredEvent, Tree
from contracts.listing import Listing


class Reader:
    def __init__(self, db: Database, events: EventStore, bell: Bell) -> None:
        self._db, self._events, self._bell = db, events, bell

    async def event(self, id: str, who: Principal) -> StoredEvent:
        """Raises UnknownEvent."""
        async with self._db.read(who) as read:
            found = await self._events.find(read, id)
        if found is None:
            raise UnknownEvent(f"There is no event {id} of yours.")
        return found

    async def page(self, asked: EventsQuery, who: Principal) -> Listing[StoredEvent]:
        """With `wait`, as soon as there is a first event; then `next` is where the log was read up to."""
        until = asyncio.get_running_loop().time() + (asked.wait or 0)
        while True:
            async with self._db.read(who) as read:
                head = await self._events.head(read)
                items = await self._events.page(read, asked)
            left = until - asyncio.get_running_loop().time()
            if items or left <= 0:
                break
            await self._bell.wait(left)
        return Listing(items=items, next=_next(asked, items, head))


def _next(asked: EventsQuery, items: list[StoredEvent], head: int) -> str | None:
    last = (items[-1].version if asked.stream else items[-1].position) if items else asked.cursor or 0
    if len(items) == asked.page_size:
        return str(last)
    if asked.wait is None or asked.direction == "backwards":
        return None
    return str(last if asked.stream else max(head, last))


class Trees:
    def __init__(self, db: Database, events: EventStore) -> None:
        self._db, self._events = db, events

    async def of(self, id: str, who: Principal) -> Tree:
        """`id` is an event's, a request's or a trace's. Raises UnknownEvent."""
        async with self._db.read(who) as read:
            event = await self._events.find(read, id)
            if event is not None and event.correlation_id:
                requests = [event.correlation_id]
            else:
                requests = await self._events.requests_of_trace(read, id) or [id]
            found = await self._events.of_requests(read, requests, tree.MOST + 1)
        found = found or ([event] if event else [])
        if not found:
            raise UnknownEvent(f"No event of yours has {id} as its id, its request or its trace.")
        return tree.grow(id, found[: tree.MOST], truncated=len(found) > tree.MOST)
