"""An app that must have every event of another one notices what it missed, and asks the owner for it."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Sequence

import orjson
from pydantic import BaseModel
from sqlalchemy import text

from ._context import background, enter
from ._database import Database
from ._errors import AppError, PeerProblem
from ._events import Envelope, parse
from ._handover import PATH
from ._logs import Log
from ._peer import Peer
from ._principal import service
from ._telemetry import Metrics

COMPARED = 10.0  # seconds between looks at the owners' heads
STOP = 0.3  # seconds to finish what is under way
SETTLING = 1.0  # seconds a gap may be events that overtook each other

_ADD = text("INSERT INTO event_source VALUES (:owner, 0) ON CONFLICT DO NOTHING")
_POSITION = text("SELECT position FROM event_source WHERE owner = :owner")
_RECEIVED = text("SELECT sequence FROM event_received WHERE owner = :owner AND sequence > :position ORDER BY sequence")
_RECEIVE = text("INSERT INTO event_received VALUES (:owner, :sequence) ON CONFLICT DO NOTHING")
_MOVE = text("UPDATE event_source SET position = greatest(position, :position) WHERE owner = :owner")
_FORGET = text("DELETE FROM event_received WHERE owner = :owner AND sequence <= :position")


class Handed(BaseModel):
    """What an owner hands over; see `_handover`."""

    head: int
    oldest: int | None
    events: list[dict[str, object]]


class EventSource(Peer):
    """An owner of events of which this app must have all: `class Records(EventSource, app_id="airtable-connector")`.

    Declared in the app's clients and given to `create_app(complete=[…])`, which opens the way to it in the mesh.
    """

    async def events(self, first: int, last: int) -> Handed:
        return await self.get(PATH, Handed, params={"from": first, "to": last})


class Completeness:
    """Keeps, for each source, how far this app has everything, and fills what is missing.

    `handle` is the way every event goes, from the bus as from here: what was handled already is not handled again.
    True when it is done with, False when it must come again.
    """

    def __init__(
        self,
        app_id: str,
        db: Callable[[], Database],
        sources: Callable[[], Sequence[EventSource]],
        handle: Callable[[Envelope, bytes], Awaitable[bool]],
        metrics: Metrics,
        log: Log,
    ) -> None:
        self._who = service(app_id)
        self._app_id = app_id
        self._db = db
        self._sources = sources
        self._handle = handle
        self._metrics = metrics
        self._log = log
        self._last: dict[str, int] = {}
        self._gap = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    async def start(self) -> None:
        async with self._db().change(self._who) as change:
            for source in self._sources():
                await change.execute(_ADD, {"owner": source.app_id})
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task:
            self._stopping = True
            self._gap.set()
            await asyncio.wait({self._task}, timeout=STOP)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def handled(self, envelope: Envelope) -> None:
        """Note an event that came by the bus and is done with. Raises nothing: what is not noted is asked for."""
        owner, sequence = envelope.source, envelope.sequence
        if sequence is None or all(source.app_id != owner for source in self._sources()):
            return
        if sequence != self._last.get(owner, 0) + 1:
            self._gap.set()
        self._last[owner] = max(sequence, self._last.get(owner, 0))
        with contextlib.suppress(AppError):
            async with self._db().change(self._who) as change:
                await change.execute(_RECEIVE, {"owner": owner, "sequence": sequence})

    async def _run(self) -> None:
        enter(background(self._app_id))
        while not self._stopping:
            for source in self._sources():
                try:
                    await self.compare(source)
                except PeerProblem as error:
                    if error.status != 404:  # an app without a database has no events
                        self._log.warning("events cannot be compared", owner=source.app_id, problem=error.detail)
                except AppError as error:
                    self._log.warning("events cannot be compared", owner=source.app_id, problem=error.detail)
                except Exception as error:  # a bug must not end what keeps this app complete
                    self._log.error("events cannot be compared", owner=source.app_id, problem=repr(error))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(COMPARED):
                    await self._gap.wait()
            await asyncio.sleep(SETTLING)
            self._gap.clear()

    async def compare(self, source: EventSource) -> None:
        """Bring this app up to the head that `source` has now. Raises what asking it and the database raise."""
        owner = source.app_id
        async with self._db().read(self._who) as read:
            position = await read.scalar(_POSITION, {"owner": owner}) or 0
            rows = await read.execute(_RECEIVED, {"owner": owner, "position": position})
            received = {row.sequence for row in rows}
        kept = await source.events(1, 0)
        if kept.head < position:
            self._log.error("the owner's events begin anew", owner=owner, head=kept.head, position=position)
            return
        began, oldest = position, kept.oldest or kept.head + 1
        gone = [n for n in range(began + 1, oldest) if n not in received] if began else []
        position = max(position, oldest - 1)
        lacking = list(missing(position + 1, kept.head, received))
        self._metrics.behind(owner, sum(last - first + 1 for first, last in lacking))
        for first, last in lacking:
            gone += await self._fetch(source, first, last, received)
        if gone and began:  # one that is new here has missed nothing
            lost = {"owner": owner, "first": gone[0], "count": len(gone)}
            self._log.error("events are lost, their owner keeps them no more", **lost)
        await self._advance(owner, position, received | set(gone))
        still = missing(position + 1, kept.head, received | set(gone))
        self._metrics.behind(owner, sum(last - first + 1 for first, last in still))

    async def _fetch(self, source: EventSource, first: int, last: int, received: set[int]) -> list[int]:
        """Handle `first` to `last`; returns those that `source` has no more."""
        self._log.info("asking for missed events", owner=source.app_id, first=first, last=last)
        gone: list[int] = []
        while first <= last:
            handed = await source.events(first, last)
            for document in handed.events:
                body = orjson.dumps(document)
                envelope = parse(body)
                number = envelope.sequence or last
                if await self._handle(envelope, body):
                    received.add(number)
                gone += range(first, number)
                first = number + 1
            if not handed.events:
                return [*gone, *range(first, last + 1)]
        return gone

    async def _advance(self, owner: str, position: int, received: set[int]) -> None:
        reached = position
        while reached + 1 in received:
            reached += 1
        async with self._db().change(self._who) as change:
            for sequence in sorted(n for n in received if n > reached):
                await change.execute(_RECEIVE, {"owner": owner, "sequence": sequence})
            await change.execute(_MOVE, {"owner": owner, "position": reached})
            await change.execute(_FORGET, {"owner": owner, "position": reached})


def missing(first: int, last: int, received: set[int]) -> Iterator[tuple[int, int]]:
    """The ranges of `first` to `last` that are not in `received`."""
    begin = None
    for number in range(first, last + 2):
        if number <= last and number not in received:
            begin = number if begin is None else begin
        elif begin is not None:
            yield begin, number - 1
            begin = None
