"""Every write in the journal: what is meant before the call, what became of it after, and the events with that."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.airtable_connector.domain import telling, writing
from apps.airtable_connector.domain.calls import Call
from apps.airtable_connector.domain.journal import OperationRow, RecordRow
from apps.airtable_connector.service.images import Images
from apps.airtable_connector.service.tables import Tables
from apps.airtable_connector.store import JournalStore
from chassis import AppError, Change, Database, Log, Principal, current, uuid7

SPARE = 5.0  # s past the end of a request in which its own process may still write what became of it
WITHOUT_DEADLINE = 30.0  # s


@dataclass(slots=True)
class Running:
    """A write request under way: one or several calls, one operation."""

    row: OperationRow
    who: Principal
    calls: int = 0
    records: int = 0

    @property
    def id(self) -> str:
        return str(self.row.id)


class Journal:
    def __init__(self, db: Database, store: JournalStore, images: Images, tables: Tables, log: Log) -> None:
        self._db, self._store, self._images, self._tables, self._log = db, store, images, tables, log

    def begin(self, call: Call, who: Principal, *, action: str | None = None, reverts: UUID | None = None) -> Running:
        """Nothing is written yet; `call` is the first of its calls."""
        context = current()
        row = OperationRow(
            id=uuid7(),
            tenant=who.tenant,
            actor=who.act or who.user,
            request_id=context.request_id,
            trace_id=context.trace_id,
            action=action or writing.action_of(call),
            method=call.method,
            base=call.base or "",
            table=writing.table_as_named(call),
            fields_by_id=writing.by_id(call),
            merge_on=writing.merge_fields(call),
            reverts=reverts,
        )
        return Running(row, who)

    async def intend(self, running: Running, call: Call, replaces: Sequence[str | None] = ()) -> list[RecordRow]:
        """Write down what `call` is about to do. Raises DatabaseUnavailable …: then nothing may be sent."""
        operation, who = running.row, running.who
        if not running.calls:
            operation.table = await self._tables.id_of(operation.base, operation.table, who.tenant)
        rows = writing.rows_of(call, running.calls, running.records, operation.merge_on)
        for row, replaced in zip(rows, replaces, strict=False):
            row.replaces = replaced
        await self._images.fill(operation, rows, who)
        left = current().remaining()
        async with self._db.change(who) as change:
            if not running.calls:
                await self._store.begin(change, operation)
            await self._store.intend(change, operation.id, rows, (left or WITHOUT_DEADLINE) + SPARE)
        running.calls += 1
        running.records += len(rows)
        return rows

    async def look(self, running: Running, call: Call) -> list[RecordRow]:
        """The rows `intend` would write down, with what is there now."""
        rows = writing.rows_of(call, running.calls, running.records, running.row.merge_on)
        await self._images.fill(running.row, rows, running.who, now=True)
        running.calls += 1
        running.records += len(rows)
        return rows

    async def done(self, running: Running, rows: Sequence[RecordRow], raw: Any) -> None:
        """Airtable has done it and said so in `raw`. Raises AirtableInvalidAnswer when it did not say what."""
        await self._settle(running, writing.completed(rows, raw))

    async def failed(self, running: Running, rows: Sequence[RecordRow], error: AppError) -> None:
        """Nothing of the call happened."""
        for row in rows:
            row.state = "failed"
        await self._settle(running, rows, error.code)

    async def lost(self, running: Running, error: AppError) -> None:
        """Nobody knows; it is to be looked for."""
        error.headers.setdefault("x-platform-operation", running.id)
        try:
            async with self._db.change(running.who) as change:
                await self._store.let_look(change, running.row.id)
        except AppError as problem:
            self._told_later(running, problem)

    async def _settle(self, running: Running, rows: Sequence[RecordRow], error: str | None = None) -> None:
        try:
            async with self._db.change(running.who) as change:
                await self.settle(change, running.row, running.calls - 1, rows, error)
        except AppError as problem:
            # Airtable has answered, so the caller gets that answer; the resolver reads back what is not written here.
            self._told_later(running, problem)

    async def settle(
        self, change: Change, operation: OperationRow, call: int, rows: Sequence[RecordRow], error: str | None = None
    ) -> None:
        """What became of a call, and its events, in one transaction; nothing when it is known already."""
        if not rows:
            await self._store.end(change, operation.id, "failed" if error else "done", error)
            return
        if not await self._store.settle(change, operation.id, call, rows):
            return
        await self._store.conclude(change, operation.id, error)
        for row in rows:
            if row.state == "done":
                change.publish(telling.event_of(operation, row))

    def _told_later(self, running: Running, problem: AppError) -> None:
        self._log.warning("the journal waits for a read-back", operation=running.id, problem=problem.detail)
