"""The log as a stream of server-sent events, from any position on and without an end."""

import asyncio
from collections.abc import AsyncIterator

from apps.event_processor.domain.errors import TooManyReaders
from apps.event_processor.service.bell import Bell
from apps.event_processor.store import EventStore
from chassis import Database, Principal
from contracts.event_processor import PAGE, Chosen, StoredEvent

STREAMS = 100  # open at once, of one process
SILENCE = 10.0  # seconds at most without a line; the gateway gives up after 30
LASTS = 600.0  # seconds; the client comes back by itself, and shows its key again


class Follower:
    def __init__(self, db: Database, events: EventStore, bell: Bell) -> None:
        self._db, self._events, self._bell, self._open = db, events, bell, 0

    async def follow(self, chosen: Chosen, after: int, who: Principal) -> AsyncIterator[bytes]:
        """Beyond the position `after`, each with its position as its id. Raises TooManyReaders."""
        if self._open >= STREAMS:
            raise TooManyReaders(f"{STREAMS} streams are open here already.", headers={"Retry-After": "5"})
        return self._lines(chosen, after, who)

    async def _lines(self, chosen: Chosen, position: int, who: Principal) -> AsyncIterator[bytes]:
        clock = asyncio.get_running_loop().time
        ends, told = clock() + LASTS, 0.0
        self._open += 1
        try:
            while clock() < ends:
                async with self._db.read(who) as read:
                    head = await self._events.head(read)
                    batch = await self._events.following(read, chosen, position, PAGE)
                position = batch[-1].position if batch else max(position, head)
                if batch:
                    yield b"".join(map(_line, batch))
                elif clock() - told >= SILENCE:
                    yield b"id: %d\n\n" % position  # no event: only where to go on from
                else:
                    await self._bell.wait()
                    continue
                told = clock()
        finally:
            self._open -= 1


def _line(event: StoredEvent) -> bytes:
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.position, event.type.encode(), event.model_dump_json().encode())
