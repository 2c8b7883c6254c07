"""Every write in the journal: what is meant before the call, what became of it after, and the events with that."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.airtable_connector.domain import telling, writing
from apps.airtable_connector.domain.calls import Call
from apps.airtable_connector.domain.errors import OperationUnfinished
from apps.airtable_connector.domain.journal import OperationRow, RecordRow
from apps.airtable_connector.service.images import Images
from apps.airtable_connector.service.tables import Tables
from apps.airtable_connector.settings import Settings
from apps.airtable_connector.store import JournalStore
from chassis import AppError, Change, Database, Log, Principal, current, service, unresolved, uuid7

ON_ITS_WAY = 10.0  # s after a process died until Airtable has done what it sent, or never will
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
    def __init__(
        self, settings: Settings, db: Database, store: JournalStore, images: Images, tables: Tables, log: Log
    ) -> None:
        self._db, self._store, self._images, self._tables, self._log = db, store, images, tables, log
        self._process = f"{socket.gethostname()}:{settings.app_port}"  # there is one of this name at a time

    async def start(self) -> None:
        """What the process of this name was at when it died is looked for soon, not when its requests' time is over."""
        async with self._db.change(service(self._db.app_id), at_once=True) as change:
            await self._store.orphan(change, self._process, ON_ITS_WAY)

    def begin(self, call: Call, who: Principal, asked: int | None = None) -> Running:
        """Nothing is written yet; `call` is the first of its calls, and `asked` the number of records of them all."""
        return Running(
            self._row(
                who,
                action=writing.action_of(call),
                method=call.method,
                base=call.base or "",
                table=writing.table_as_named(call),
                fields_by_id=writing.by_id(call),
                merge_on=writing.merge_fields(call),
                single=writing.is_single(call),
                asked=asked,
            ),
            who,
        )

    async def begin_revert(self, original: OperationRow, who: Principal) -> Running:
        """Nobody else undoes `original` until `end_revert`. Raises OperationUnfinished."""
        kept = {name: getattr(original, name) for name in ("connection", "base", "table", "fields_by_id")}
        row = self._row(who, action="operation.revert", method="POST", reverts=original.id, **kept)
        async with self._db.change(who, at_once=True) as change:
            if not await self._store.begin_revert(change, row, _seconds_left()):
                raise OperationUnfinished(
                    f"Operation {original.id} is under way, or being undone, or an answer of Airtable was lost and is "
                    f"being looked for. GET /api/v1/operations/{original.id} tells; repeat this in a few seconds.",
                    headers={"retry-after": "5"},
                )
            await change.intend(("operation", str(original.id)), operation=str(row.id))
        return Running(row, who)

    async def end_revert(self, running: Running, error: AppError | None) -> None:
        """Its state follows from what became of its records; of one without any, nothing is kept."""
        async with self._db.change(running.who, at_once=True) as change:
            if running.calls:
                await self._store.conclude(change, running.row.id, error.code if error else None)
            else:
                await self._store.forget(change, running.row.id)

    async def intend(self, running: Running, call: Call, replaces: Sequence[str | None] = ()) -> list[RecordRow]:
        """Write down what `call` is about to do. Raises DatabaseUnavailable …: then nothing may be sent."""
        operation, who = running.row, running.who
        begins = not running.calls and operation.reverts is None
        if begins:
            operation.connection = call.connection
            operation.table = await self._tables.id_of(operation.base, operation.table, who.tenant)
        rows = writing.rows_of(call, running.calls, running.records, operation.merge_on)
        for row, replaced in zip(rows, replaces, strict=False):
            row.replaces = replaced
        await self._images.fill(operation, rows, who)
        async with self._db.change(who, at_once=True) as change:
            await change.intend(*writing.targets(operation, rows), operation=running.id)
            if begins:
                await self._store.begin(change, operation)
            await self._store.intend(change, operation.id, rows, _seconds_left())
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
        unresolved()
        try:
            async with self._db.change(running.who, at_once=True) as change:
                await self._store.let_look(change, running.row.id)
        except AppError as problem:
            self._told_later(running, problem)

    async def _settle(self, running: Running, rows: Sequence[RecordRow], error: str | None = None) -> None:
        try:
            async with self._db.change(running.who, at_once=True) as change:
                ended = running.row.reverts is None
                await self.settle(change, running.row, running.calls - 1, rows, error, conclude=ended)
        except AppError as problem:
            # Airtable has answered, so the caller gets that answer; the resolver reads back what is not written here.
            unresolved()
            self._told_later(running, problem)

    async def settle(
        self,
        change: Change,
        operation: OperationRow,
        call: int,
        rows: Sequence[RecordRow],
        error: str | None = None,
        *,
        conclude: bool = True,
    ) -> None:
        """What became of a call, and its events, in one transaction; nothing when it is known already."""
        if not rows:
            await self._store.end(change, operation.id, "failed" if error else "done", error)
            return
        if not await self._store.settle(change, operation.id, call, rows):
            return
        if conclude:
            await self._store.conclude(change, operation.id, error)
        for row in rows:
            if row.state == "done":
                if row.kind == "create" and row.record:
                    change.audit(("record", row.record))
                change.publish(telling.event_of(operation, row))

    def _told_later(self, running: Running, problem: AppError) -> None:
        self._log.warning("the journal waits for a read-back", operation=running.id, problem=problem.detail)

    def _row(self, who: Principal, **about: Any) -> OperationRow:
        context = current()
        return OperationRow(
            id=uuid7(),
            tenant=who.tenant,
            actor=who.act or who.user,
            request_id=context.request_id,
            trace_id=context.trace_id,
            process=self._process,
            **about,
        )


def _seconds_left() -> float:
    """For so long this process may still write what became of it."""
    return (current().remaining() or WITHOUT_DEADLINE) + SPARE
