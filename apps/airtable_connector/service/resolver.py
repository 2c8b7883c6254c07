"""Writes whose end nobody wrote down: read back, and told, or called unknown. Never sent again."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from apps.airtable_connector.domain import resolving
from apps.airtable_connector.domain.journal import OperationRow, RecordRow
from apps.airtable_connector.service.changes import Changes
from apps.airtable_connector.service.connections import over
from apps.airtable_connector.service.images import Images
from apps.airtable_connector.service.journal import Journal
from apps.airtable_connector.service.previews import Previews
from apps.airtable_connector.store import JournalStore
from chassis import AppError, Database, Log, Principal, acting, continued, service

AT_ONCE = 20  # operations of one round
CLOCKS = timedelta(seconds=5)  # Airtable's may differ from the database's
LONGEST = timedelta(seconds=150)  # between a row of the journal and what Airtable made of it
PATIENCE = 30.0  # s for one operation
UNKNOWN = "airtable.write-unknown"


class Resolver:
    def __init__(
        self,
        db: Database,
        store: JournalStore,
        journal: Journal,
        images: Images,
        previews: Previews,
        changes: Changes,
        log: Log,
    ) -> None:
        self._db, self._store, self._journal, self._images = db, store, journal, images
        self._previews, self._changes, self._log = previews, changes, log

    async def resolve_all(self, myself: Principal) -> int:
        """Every operation that is due; how many there were."""
        for count in range(AT_ONCE):
            async with self._db.change(myself) as change:
                taken = await self._store.take(change)
            if taken is None:
                return count
            await self._resolve(*taken, myself)
        return AT_ONCE

    async def _resolve(self, taken: UUID, tries: int, myself: Principal) -> None:
        async with self._db.read(myself) as read:
            operation = await self._store.find(read, taken, any_tenant=True)
        if operation is None:
            return
        who = Principal(user=operation.actor, tenant=operation.tenant)
        context = continued(self._db.app_id, operation.trace_id, operation.request_id, seconds=PATIENCE)
        context.principal = service(self._db.app_id, operation.tenant)  # asks in its own name, tells in the writer's
        verdict, problem = None, ""
        with acting(context), over(operation.connection):
            try:
                verdict = await self._verdict(operation, who)
            except AppError as error:  # Airtable is away, or refuses
                problem = error.detail
        if verdict is None:
            pause = resolving.pause(tries)
            async with self._db.change(myself) as change:
                await self._store.let_look(change, taken, pause)
            self._log.warning(
                "a lost answer cannot be looked for yet", operation=str(taken), problem=problem, again_in=pause
            )
            return
        self._log.info("a lost answer was looked for", operation=str(taken), verdict=verdict)

    async def _verdict(self, operation: OperationRow, who: Principal) -> str:
        async with self._db.read(who) as read:
            rows = await self._store.records(read, operation.id)
        verdict = "unknown"
        if not rows:  # a revert that sent nothing; else what was sent could not be understood, nor can what came of it
            verdict = "failed" if operation.reverts else verdict
            async with self._db.change(who) as change:
                await self._store.end(change, operation.id, verdict, None if operation.reverts else UNKNOWN)
        for call, some in groupby(rows, key=lambda row: row.call):
            of_call = [row for row in some if row.state == "intended"]
            if of_call:
                verdict = await self._look(operation, call, of_call, who)
        if operation.reverts:  # its process died between two calls
            async with self._db.change(who) as change:
                await self._store.conclude(change, operation.id, None)
        return verdict

    async def _look(self, operation: OperationRow, call: int, rows: Sequence[RecordRow], who: Principal) -> str:
        fields = await self._previews.fields(operation.base, operation.table, who)
        there = await self._images.records(operation, [row.record for row in rows if row.record], who)
        now = {id: record.get("fields", {}) for id, record in there.items()}
        made, twins = [], []
        if new := [row for row in rows if not row.record]:
            having = resolving.telling(new, fields)
            began = min(row.sent_at for row in rows if row.sent_at)
            made = await self._images.created(operation, _second(began - CLOCKS), began + LONGEST, having, who)
            async with self._db.read(who) as read:
                ours = await self._store.known_since(read, [str(one["id"]) for one in made])
                twins = await self._store.twins(read, operation)
            made = [one for one in made if one["id"] not in ours]
        await self._changes.unknown(operation.base)  # who wrote it may not have come so far
        verdict = resolving.judge(operation, rows, now, made, twins, fields)
        there |= {str(one["id"]): one for one in made}
        for row in rows:
            row.created = there.get(row.record or "", {}).get("createdTime")
        async with self._db.change(who) as change:
            await self._journal.settle(change, operation, call, rows, UNKNOWN if verdict == "unknown" else None)
        return verdict


def _second(when: datetime) -> datetime:
    return when.replace(microsecond=0)
