"""Stored events brought to one consumer again, in their order, no faster than asked."""

import asyncio
from collections import Counter

import orjson

from apps.event_processor.clients import Consumers
from apps.event_processor.domain.catalogue import topic_of
from apps.event_processor.domain.entries import traceparent_of
from apps.event_processor.store import EventStore
from chassis import Database, Principal
from contracts.event_processor import REPLAYED, Replay, Replayed, StoredEvent

SECONDS = 20.0  # of one request


class Replays:
    def __init__(self, db: Database, events: EventStore, consumers: Consumers) -> None:
        self._db, self._events, self._consumers = db, events, consumers

    async def run(self, asked: Replay, who: Principal) -> Replayed:
        """Raises NotSubscribed, and what the way to the consumer raises; what was brought until then stays so."""
        clock = asyncio.get_running_loop().time
        topics = await self._consumers.topics(asked.consumer, set(map(topic_of, asked.events.type)))
        async with self._db.read(who) as read:
            batch = await self._events.following(read, asked.events, asked.cursor, REPLAYED)
        began, sent, reached = clock(), 0, asked.cursor
        outcomes: Counter[str] = Counter()
        for event in batch:
            topic = topic_of(event.type)
            if event.sequence is None or topic not in topics:
                outcomes["skipped"] += 1
            elif asked.dry_run:
                outcomes["done"] += 1
            else:
                if clock() - began > SECONDS:
                    break
                await asyncio.sleep(max(0.0, began + sent / asked.rate - clock()))
                outcomes[await self._consumers.deliver(asked.consumer, topic, _envelope(event, who.tenant))] += 1
                sent += 1
            reached = event.position
        more = len(batch) == REPLAYED or (bool(batch) and reached < batch[-1].position)
        counts = {name: outcomes[name] for name in ("done", "again", "refused", "skipped")}
        return Replayed(dry_run=asked.dry_run, next=reached if more else None, **counts)


def _envelope(event: StoredEvent, tenant: str) -> bytes:
    """As its owner sent it."""
    source, _, subject = event.stream.partition("/")
    document = {
        "specversion": "1.0",
        "id": event.id,
        "source": source,
        "type": event.type,
        "subject": subject,
        "time": event.time.isoformat(),
        "datacontenttype": "application/json",
        "tenantid": tenant,
        "actorid": event.actor,
        "sequence": str(event.sequence),
        "subjectsequence": str(event.version),
        "correlationid": event.correlation_id,
        "causationid": event.causation_id,
        "data": event.data,
    }
    if traceparent := traceparent_of(event.trace_id):
        document["traceparent"] = document["traceid"] = traceparent
    return orjson.dumps(document)
