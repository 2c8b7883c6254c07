"""The log: every event once, under a position without gaps in the order of the commits."""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Select, and_, asc, column, desc, select, table, text

from apps.event_processor.domain.catalogue import FAILED, OWN
from apps.event_processor.domain.entries import Entry
from apps.event_processor.domain.upcasting import upcast, with_older
from chassis import Change, Read
from contracts.event_processor import Chosen, EventsQuery, StoredEvent

_COLUMNS = (
    "position id source subject type version sequence time stored_at actor correlation_id causation_id trace_id data"
)
_TOLD = [name for name in _COLUMNS.split() if name in StoredEvent.model_fields and name not in ("type", "data")]
events = table("events", column("tenant"), *(column(name) for name in _COLUMNS.split()))

# Who adds holds the head until its commit: a reader that has seen a position has seen all before it.
_LOCK = text("SELECT last FROM event_head FOR UPDATE")
_ADD = text("""
    INSERT INTO events (position, tenant, source, id, subject, type, version, sequence, time, actor, correlation_id,
        causation_id, trace_id, traceparent, data)
    VALUES (:position, :tenant, :source, :id, :subject, :type, :version, :sequence, :time, :actor, :correlation_id,
        :causation_id, :trace_id, :traceparent, :data)
    ON CONFLICT (tenant, source, id) DO NOTHING
""")
_HEAD = text("SELECT last FROM event_head")
_MOVE = text("UPDATE event_head SET last = :last")
_VERSION = text("""
    SELECT greatest(
        (SELECT max(version) FROM events WHERE tenant = :tenant AND source = :source AND subject = :subject),
        (SELECT version FROM tombstones WHERE tenant = :tenant AND source = :source AND subject = :subject), 0)
""")


class EventStore:
    """Every method works in the transaction it is given."""

    async def add(self, change: Change, entries: Sequence[Entry]) -> list[int]:
        """The positions of those that were not there already."""
        last = first = int(await change.scalar(_LOCK))
        for entry in entries:
            row = {name: getattr(entry, name) for name in Entry.__slots__}
            added = await change.execute(_ADD, {**row, "trace_id": entry.trace_id, "position": last + 1})
            last += added.rowcount
        if last > first:
            await change.execute(_MOVE, {"last": last})
        return list(range(first + 1, last + 1))

    async def own_version(self, change: Change, stream: str) -> int:
        """The version of a stream of the store's own, which nobody changes before the end of `change`."""
        await change.execute(_LOCK)
        own = {"tenant": change.tenant, "source": OWN, "subject": stream}
        return int(await change.scalar(_VERSION, own))

    async def head(self, read: Read) -> int:
        return int(await read.scalar(_HEAD))

    async def page(self, read: Read, asked: EventsQuery) -> list[StoredEvent]:
        """At most a page, in the direction asked for; `cursor` is a version when a stream is asked for."""
        key = events.c.version if asked.stream else events.c.position
        forwards = asked.direction == "forwards"
        wanted = self._choose(read, asked)
        if asked.cursor is not None:
            wanted = wanted.where(key > asked.cursor if forwards else key < asked.cursor)
        order = asc if forwards else desc
        return await self._told(read, wanted.order_by(order(key), order(events.c.position)).limit(asked.page_size))

    async def following(self, read: Read, chosen: Chosen, after: int, most: int) -> list[StoredEvent]:
        """At most `most` of the chosen events beyond a position, in order of their positions."""
        wanted = self._choose(read, chosen).where(events.c.position > after)
        return await self._told(read, wanted.order_by(events.c.position).limit(most))

    async def at(self, read: Read, positions: Sequence[int]) -> dict[int, StoredEvent]:
        """Those at these positions, by position."""
        found = await self._told(read, self._mine(read).where(events.c.position.in_(positions))) if positions else []
        return {event.position: event for event in found}

    async def find(self, read: Read, id: str) -> StoredEvent | None:
        found = await self._told(read, self._mine(read).where(events.c.id == id).limit(1))
        return found[0] if found else None

    async def of_requests(self, read: Read, correlations: Sequence[str], most: int) -> list[StoredEvent]:
        """What these requests led to, and the failures told of it."""
        caused = self._mine(read).where(events.c.correlation_id.in_(correlations))
        found = await self._told(read, caused.order_by(events.c.position).limit(most))
        ids = [event.id for event in found]
        failures = self._mine(read).where(and_(events.c.subject.in_(ids), events.c.type.endswith(FAILED)))
        known = set(ids)
        return found + [event for event in await self._told(read, failures.limit(most)) if event.id not in known]

    async def requests_of_trace(self, read: Read, trace_id: str) -> list[str]:
        wanted = select(events.c.correlation_id).distinct().where(events.c.tenant == read.tenant)
        rows = await read.execute(wanted.where(events.c.trace_id == trace_id).limit(100))
        return [row.correlation_id for row in rows if row.correlation_id]

    def _choose(self, read: Read, chosen: Chosen) -> Select[Any]:
        wanted = self._mine(read)
        if chosen.stream is not None:
            source, _, subject = chosen.stream.partition("/")
            wanted = wanted.where(events.c.source == source, events.c.subject == subject)
        if chosen.type:
            wanted = wanted.where(events.c.type.in_({each for kind in chosen.type for each in with_older(kind)}))
        for name, value in (
            ("source", chosen.category),
            ("correlation_id", chosen.correlation_id),
            ("trace_id", chosen.trace_id),
        ):
            if value is not None:
                wanted = wanted.where(events.c[name] == value)
        if chosen.since is not None:
            wanted = wanted.where(events.c.time >= chosen.since)
        if chosen.until is not None:
            wanted = wanted.where(events.c.time < chosen.until)
        return wanted

    def _mine(self, read: Read) -> Select[Any]:
        return select(*(events.c[name] for name in _COLUMNS.split())).where(events.c.tenant == read.tenant)

    async def _told(self, read: Read, wanted: Select[Any]) -> list[StoredEvent]:
        return [_stored(row) for row in await read.execute(wanted)]


def _stored(row: Any) -> StoredEvent:
    kind, data = upcast(row.type, orjson.loads(row.data))
    return StoredEvent.model_construct(
        **{name: getattr(row, name) for name in _TOLD},
        type=kind,
        data=data,
        stored_type=row.type,
        stream=f"{row.source}/{row.subject}",
    )
