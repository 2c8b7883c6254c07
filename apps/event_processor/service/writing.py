"""Events of one's own streams."""

from collections.abc import Sequence
from datetime import UTC, datetime

import orjson

from apps.event_processor.domain.catalogue import OWN
from apps.event_processor.domain.entries import Entry, check_append
from apps.event_processor.service.bell import Bell
from apps.event_processor.store import EventStore
from chassis import Database, Principal, current, uuid7
from contracts.event_processor import Append, Appended


class Writer:
    def __init__(self, db: Database, events: EventStore, bell: Bell) -> None:
        self._db, self._events, self._bell = db, events, bell

    async def append(self, asked: Append, who: Principal) -> Appended:
        """All of them, one after the other, or none. Raises VersionConflict, ForeignType."""
        async with self._db.change(who) as change:
            version = await self._events.own_version(change, asked.stream)
            check_append(asked, version)
            positions = await self._events.add(change, _entries(asked, version, who))
            change.after_commit(self._bell.ring)
        return Appended(stream=f"{OWN}/{asked.stream}", version=version + len(positions), positions=positions)


def _entries(asked: Append, version: int, who: Principal) -> Sequence[Entry]:
    context, now = current(), datetime.now(UTC)
    return [
        Entry(
            tenant=who.tenant,
            source=OWN,
            id=str(uuid7()),
            subject=asked.stream,
            type=event.type,
            version=number,
            sequence=None,
            time=now,
            actor=who.act or who.user,
            correlation_id=context.request_id,
            causation_id=context.causation_id or context.request_id,
            traceparent=context.traceparent,
            data=orjson.dumps(event.data),
        )
        for number, event in enumerate(asked.events, start=version + 1)
    ]
