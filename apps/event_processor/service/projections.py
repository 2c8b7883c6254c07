"""Projections: kept up to date while they run, made again when asked, and compared with what the log says."""

from collections.abc import Sequence
from typing import Any

import orjson

from apps.event_processor.domain.errors import LogIncomplete, TooManyProjections, UnknownProjection
from apps.event_processor.domain.projections import Row, bytes_of, digest, document_of, fold, key_of
from apps.event_processor.service.bell import Bell
from apps.event_processor.store import EventStore, ProjectionStore, RetentionStore
from chassis import Change, Database, Principal, Read
from contracts.event_processor import (
    KEYS,
    PROJECTIONS,
    ROWS,
    Projection,
    ProjectionCheck,
    ProjectionDefinition,
    ProjectionRow,
)
from contracts.listing import Listing

BATCH = 500  # events of one transaction


class Projections:
    def __init__(
        self, db: Database, events: EventStore, store: ProjectionStore, retention: RetentionStore, bell: Bell
    ) -> None:
        self._db, self._events, self._store, self._bell = db, events, store, bell
        self._retention = retention

    async def all(self, who: Principal) -> Listing[Projection]:
        async with self._db.read(who) as read:
            return Listing(items=await self._store.all(read))

    async def get(self, name: str, who: Principal) -> Projection:
        """Raises UnknownProjection."""
        async with self._db.read(who) as read:
            found = await self._store.all(read, name)
        if not found:
            raise UnknownProjection(f"There is no projection {name} of yours.")
        return found[0]

    async def put(self, name: str, definition: ProjectionDefinition, who: Principal) -> Projection:
        """Create it, or define it anew and make it again; the same definition changes nothing.

        Raises TooManyProjections.
        """
        async with self._db.change(who) as change:
            known = {each.name: each.definition for each in await self._store.all(change)}
            if name not in known and len(known) >= PROJECTIONS:
                raise TooManyProjections(f"You have {PROJECTIONS} projections. Delete one first.")
            if known.get(name) != definition:
                await self._store.put(change, name, definition)
                await self._store.restart(change, name)
                change.after_commit(self._bell.ring)
        return await self.get(name, who)

    async def set(self, name: str, state: str, who: Principal) -> Projection:
        """`running` or `paused`. Raises UnknownProjection."""
        await self.get(name, who)
        async with self._db.change(who) as change:
            await self._store.set(change, name, state)
            change.after_commit(self._bell.ring)
        return await self.get(name, who)

    async def rebuild(self, name: str, who: Principal, *, force: bool = False) -> Projection:
        """Make it again from the log. Raises UnknownProjection, and LogIncomplete unless it is forced."""
        definition = (await self.get(name, who)).definition
        async with self._db.change(who) as change:
            dropped = await self._retention.dropped(change, definition.events)
            if dropped and not force:
                raise LogIncomplete(f"{dropped} events of its streams were dropped; made again, it would lack them.")
            await self._store.restart(change, name)
            change.after_commit(self._bell.ring)
        return await self.get(name, who)

    async def delete(self, name: str, who: Principal) -> None:
        """Raises UnknownProjection."""
        await self.get(name, who)
        async with self._db.change(who) as change:
            await self._store.delete(change, name)

    async def rows(self, name: str, cursor: str, who: Principal) -> Listing[ProjectionRow]:
        """Raises UnknownProjection."""
        await self.get(name, who)
        async with self._db.read(who) as read:
            rows = await self._store.rows(read, name, cursor, ROWS)
        items = [ProjectionRow(key=key, columns=orjson.loads(row)) for key, row in rows]
        return Listing(items=items, next=rows[-1][0] if len(rows) == ROWS else None)

    async def check(self, name: str, who: Principal) -> ProjectionCheck:
        """Fold the log anew and compare it with the live rows, both as of one moment. Raises UnknownProjection."""
        async with self._db.read(who) as read:
            found = await self._store.all(read, name)
            if not found:
                raise UnknownProjection(f"There is no projection {name} of yours.")
            definition, end = found[0].definition, found[0].position
            live = await self._store.rows(read, name, "", KEYS + 1)
            dropped = await self._retention.dropped(read, definition.events)
            rows: dict[str, Row] = {}
            position, more = 0, True
            while more:
                batch = await self._events.following(read, definition.events, position, BATCH)
                more = len(batch) == BATCH
                fold(definition, rows, (document_of(event) for event in batch if event.position <= end))
                position = batch[-1].position if batch else end
        rebuilt = digest((key, bytes_of(rows[key])) for key in sorted(rows))
        told = digest(live)
        return ProjectionCheck(
            position=end, keys=len(live), live=told, rebuilt=rebuilt, equal=told == rebuilt, dropped=dropped
        )

    async def due(self, read: Read) -> Sequence[Any]:
        """(tenant, name) of those that have something to read, of all tenants."""
        return await self._store.due(read)

    async def fail(self, change: Change, name: str, problem: str) -> None:
        """It stands still until somebody sees to it."""
        await self._store.set(change, name, "failed", problem)

    async def advance(self, change: Change, name: str) -> None:
        """Take it a batch further, unless somebody else does."""
        taken = await self._store.take(change, name)
        if taken is None:
            return
        definition, position, keys = taken
        head = await self._events.head(change)
        batch = await self._events.following(change, definition.events, position, BATCH)
        documents = [document_of(event) for event in batch]
        touched = {key for document in documents if (key := key_of(definition, document)) is not None}
        known = await self._store.of_keys(change, name, sorted(touched))
        rows: dict[str, Row] = {key: orjson.loads(row) for key, row in known.items()}
        fold(definition, rows, documents)
        keys += len(rows) - len(known)
        if keys > KEYS:
            await self._store.set(change, name, "failed", f"it would have more than {KEYS} keys")
            return
        await self._store.write(change, name, rows)
        reached = batch[-1].position if batch else position
        if len(batch) < BATCH:
            reached = max(reached, head)  # what was stored since the head was read may be in the batch already
        await self._store.move(change, name, reached, keys)
