"""Takes events from the outbox to the bus: after each commit at once, what was left over a second later."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import aiohttp
from sqlalchemy import text

from ._change import Change
from ._context import background
from ._database import Database
from ._events import MEDIA_TYPE, numbered
from ._idempotency import KEPT as ANSWERS_KEPT
from ._logs import Log
from ._mesh import Mesh
from ._principal import service
from ._rounds import Rounds
from ._telemetry import Metrics

BUS = "bus"  # the Dapr component
POLL = 1.0  # seconds between looks nobody asked for, while events wait
IDLE = 5.0  # the same while none does: whoever commits one wakes its own relay, unless it dies in between
BATCH = 100  # rows of one round; its transaction is open while they are published
AT_ONCE = 8  # subjects; the events of one subject go one after the other
PATIENCE = 3.0  # seconds one publication may take
LONGEST_PAUSE = 2.0  # seconds after a round that failed
ASIDE = 30.0  # seconds an event that the sidecar refuses lets the others pass
NUMBERING = 0x6E756D62  # any number: the lock under which replicas give sequence numbers
KEPT, HANDLED_KEPT = "24 hours", "7 days"
TIDY = 60.0  # seconds

_WAITING = text("""
    SELECT count(*) AS rows, coalesce(extract(epoch FROM now() - min(created_at)), 0)::float AS oldest
    FROM outbox WHERE published_at IS NULL
""")
# Numbers are given after the commit and under a lock, so that they have no gap and commits do not queue for them.
_LOCK = text("SELECT pg_advisory_xact_lock(:lock)")
_NUMBER = text("""
    WITH next AS (
        SELECT id, row_number() OVER (ORDER BY id) AS n FROM (
            SELECT id FROM outbox WHERE published_at IS NULL AND sequence IS NULL ORDER BY id LIMIT :batch
        ) AS unnumbered
    ), given AS (
        UPDATE outbox SET sequence = outbox_head.last + next.n
        FROM next, outbox_head WHERE outbox.id = next.id
        RETURNING outbox.id
    )
    UPDATE outbox_head SET last = last + (SELECT count(*) FROM given)
""")
_TAKE = text("""
    SELECT id, topic, tenant, subject, sequence, subject_sequence, envelope FROM outbox
    WHERE published_at IS NULL AND sequence IS NOT NULL AND id <> ALL(CAST(:aside AS uuid[]))
    ORDER BY sequence LIMIT :batch FOR UPDATE SKIP LOCKED
""")
_MARK = text("UPDATE outbox SET published_at = now() WHERE id = ANY(CAST(:ids AS uuid[]))")
_TIDY = (
    text(f"DELETE FROM outbox WHERE published_at < now() - interval '{KEPT}'"),  # noqa: S608
    text(f"DELETE FROM idempotency WHERE created_at < now() - interval '{ANSWERS_KEPT}'"),  # noqa: S608
    text(f"DELETE FROM inbox WHERE handled_at < now() - interval '{HANDLED_KEPT}'"),  # noqa: S608
)


class _BusAway(Exception):
    """Nothing can be published now; the text says why."""


class Relay:
    """One per process with a database. At least once: an event published and not yet marked is published again."""

    def __init__(self, db: Database, mesh: Mesh, metrics: Metrics, log: Log) -> None:
        self._db = db
        self._mesh = mesh
        self._metrics = metrics
        self._log = log
        self._who = service(mesh.app_id)
        self._aside: dict[UUID, float] = {}
        self._measured = -POLL
        self._tidied = 0.0
        self._rounds = Rounds(
            self._round,
            db.published,
            log,
            longest_pause=LONGEST_PAUSE,
            failing="events wait in the outbox",
            again="events leave the outbox again",
        )

    async def start(self) -> None:
        self._rounds.start(background(self._mesh.app_id))

    async def stop(self) -> None:
        await self._rounds.stop()

    async def _round(self) -> float:
        """Publish a batch; the seconds until the next unless woken. Raises _BusAway, and what the database raises."""
        await self._tidy()
        now = time.monotonic()
        if now >= self._measured + POLL:  # one that was woken sooner has something to do
            async with self._db.read(self._who) as read:
                waiting = (await read.execute(_WAITING)).one()
            self._metrics.outbox(waiting.rows, waiting.oldest)
            self._measured = now
            if not waiting.rows:
                return IDLE
        async with self._db.change(self._who) as change:
            await change.execute(_LOCK, {"lock": NUMBERING})
            await change.execute(_NUMBER, {"batch": 10 * BATCH})
        self._aside = {id: until for id, until in self._aside.items() if until > now}
        async with self._db.change(self._who) as change:
            taken = (await change.execute(_TAKE, {"aside": list(self._aside), "batch": BATCH})).all()
            problem = await self._publish_all(change, taken)
        if problem:
            raise _BusAway(problem)
        return 0.0 if len(taken) == BATCH else POLL

    async def _publish_all(self, change: Change, rows: Sequence[Any]) -> str:
        """Publish `rows` and mark those that the bus took; why it took no more, or nothing."""
        of_subject: dict[tuple[str, str], list[Any]] = defaultdict(list)
        for row in rows:
            of_subject[row.tenant, row.subject].append(row)
        done: list[UUID] = []
        away: list[str] = []
        turns = asyncio.Semaphore(AT_ONCE)

        async def one_subject(events: list[Any]) -> None:
            async with turns:
                for event in sorted(events, key=lambda one: one.subject_sequence):
                    if away:
                        return
                    try:
                        if not await self._publish(event):
                            return
                    except _BusAway as problem:
                        away.append(str(problem))
                        return
                    done.append(event.id)

        await asyncio.gather(*(one_subject(events) for events in of_subject.values()))
        if done:
            await change.execute(_MARK, {"ids": done})
        self._metrics.published(len(done))
        return away[0] if away else ""

    async def _publish(self, row: Any) -> bool:
        """Whether the bus took it; one that it refuses for what it is comes back later. Raises _BusAway."""
        url = self._mesh.url(f"/v1.0/publish/{BUS}/{row.topic}")
        body = numbered(row.envelope, row.sequence)
        try:
            async with (
                asyncio.timeout(PATIENCE),
                self._mesh.session.post(url, data=body, headers={"content-type": MEDIA_TYPE}) as response,
            ):
                status, answer = response.status, await response.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            self._metrics.publish_failed()
            raise _BusAway(f"the sidecar does not take events: {error!r}") from None
        if status < 300:
            return True
        self._metrics.publish_failed()
        problem = answer.decode(errors="replace")[:300]
        if status >= 500 or status == 401:
            raise _BusAway(f"the bus does not take events: {status} {problem}")
        self._aside[row.id] = time.monotonic() + ASIDE
        self._log.error("event refused", topic=row.topic, id=str(row.id), status=status, problem=problem)
        return False

    async def _tidy(self) -> None:
        if time.monotonic() < self._tidied:
            return
        async with self._db.change(self._who) as change:
            for statement in _TIDY:
                await change.execute(statement)
        self._tidied = time.monotonic() + TIDY
