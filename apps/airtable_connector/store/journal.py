"""The journal in the database: what was meant to be written, what became of it, and who may look after it."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, delete, func, insert, select, text, update

from apps.airtable_connector.domain.journal import OperationRow, RecordRow
from apps.airtable_connector.store.tables import operation_records, operations
from chassis import Change, Read
from contracts.airtable_connector import OperationsQuery

RETAKEN = 40  # s until an operation that somebody took to resolve may be taken by another: longer than it may take

_STATE = text("""
    UPDATE operations SET state = found.state, error = coalesce(:error, error),
        resolve_after = CASE WHEN found.state = 'intended' THEN resolve_after END
    FROM (
        SELECT CASE
            WHEN bool_or(state = 'intended') THEN 'intended'
            WHEN bool_or(state = 'unknown') THEN 'unknown'
            WHEN bool_and(state = 'done') THEN 'done'
            WHEN bool_or(state = 'done') THEN 'partial'
            ELSE 'failed' END AS state
        FROM operation_records WHERE operation = :id
    ) AS found WHERE operations.id = :id
""")
_TAKE = text(f"""
    UPDATE operations SET resolve_after = now() + interval '{RETAKEN} seconds', tries = tries + 1
    WHERE id IN (
        SELECT id FROM operations WHERE state = 'intended' AND resolve_after < now()
        ORDER BY resolve_after LIMIT 1 FOR UPDATE SKIP LOCKED
    ) RETURNING id, tries
""")  # noqa: S608
# What a deleted record came back as, and what that came back as when it was deleted again.
_SUCCESSORS = text("""
    WITH RECURSIVE chain (was, now, operation) AS (
        SELECT replaces, record, operation FROM operation_records
        WHERE tenant = :tenant AND replaces = ANY(CAST(:records AS text[])) AND state = 'done' AND kind = 'create'
        UNION
        SELECT chain.was, later.record, later.operation FROM chain JOIN operation_records AS later
            ON later.tenant = :tenant AND later.replaces = chain.now AND later.state = 'done' AND later.kind = 'create'
    )
    SELECT DISTINCT ON (was) was, now FROM chain ORDER BY was, operation DESC
""")
_TWINS = text("""
    SELECT r.sent, o.fields_by_id FROM operation_records AS r JOIN operations AS o ON o.id = r.operation
    WHERE o.state = 'intended' AND o.tenant = :tenant AND o.base = :base AND o."table" = :table AND o.id <> :id
        AND r.state = 'intended' AND r.record IS NULL
""")


class JournalStore:
    """Every method works in the transaction it is given, so that events leave with the rows they tell of."""

    async def begin(self, change: Change, operation: OperationRow) -> None:
        row = asdict(operation)
        del row["created_at"]
        await change.execute(insert(operations).values(row))

    async def intend(self, change: Change, operation: UUID, records: Sequence[RecordRow], seconds: float) -> None:
        """`seconds`: for so long nobody else looks after it."""
        until = func.now() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        await change.execute(
            update(operations).where(operations.c.id == operation).values(state="intended", resolve_after=until)
        )
        rows = [{**asdict(each), "operation": operation, "tenant": change.tenant} for each in records]
        for row in rows:
            del row["sent_at"]
        if rows:
            await change.execute(insert(operation_records), rows)

    async def settle(self, change: Change, operation: UUID, call: int, rows: Sequence[RecordRow]) -> bool:
        """Write what became of a call's records; False when somebody else has told it already."""
        open_rows = (
            select(operation_records.c.position)
            .where(operation_records.c.operation == operation, operation_records.c.call == call)
            .where(operation_records.c.state != "intended")
            .limit(1)
        )
        locked = select(operations.c.id).where(operations.c.id == operation).with_for_update()
        await change.execute(locked)
        if (await change.execute(open_rows)).first() is not None:
            return False
        for row in rows:
            values = {name: getattr(row, name) for name in ("kind", "record", "state", "before", "after", "created")}
            done = await change.execute(
                update(operation_records)
                .where(operation_records.c.operation == operation, operation_records.c.position == row.position)
                .values(values)
            )
            if not done.rowcount:
                added = {**asdict(row), "operation": operation, "tenant": change.tenant}
                del added["sent_at"]
                await change.execute(insert(operation_records).values(added))
        return True

    async def conclude(self, change: Change, operation: UUID, error: str | None) -> None:
        """The operation's state follows from its records'."""
        await change.execute(_STATE, {"id": operation, "error": error})

    async def end(self, change: Change, operation: UUID, state: str, error: str | None) -> None:
        """For an operation about no record that could be made out."""
        known = update(operations).where(operations.c.id == operation, operations.c.state == "intended")
        await change.execute(known.values(state=state, error=error, resolve_after=None))

    async def let_look(self, change: Change, operation: UUID, seconds: float = 0.0) -> None:
        """Whoever looks after lost answers may take it, in `seconds` from now."""
        when = func.now() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        await change.execute(update(operations).where(operations.c.id == operation).values(resolve_after=when))

    async def orphan(self, change: Change, process: str, seconds: float) -> None:
        """`process` is dead: whoever looks after lost answers may take what it was at, in `seconds` from now."""
        when = func.now() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        left = (operations.c.state == "intended", operations.c.process == process, operations.c.resolve_after > when)
        await change.execute(update(operations).where(*left).values(resolve_after=when))

    async def take(self, change: Change) -> tuple[UUID, int] | None:
        """The unresolved operation that is longest due, for this process alone for 40 s, and its number of tries."""
        row = (await change.execute(_TAKE)).first()
        return None if row is None else (row.id, row.tries)

    async def begin_revert(self, change: Change, revert: OperationRow, seconds: float) -> bool:
        """For `seconds` nobody else undoes the same; False when it, or what undoes it, has no end yet."""
        original = await change.execute(
            select(operations.c.state).where(operations.c.id == revert.reverts).with_for_update()
        )
        running = select(operations.c.id).where(operations.c.reverts == revert.reverts)
        if original.scalar() == "intended" or await change.scalar(running.where(operations.c.state == "intended")):
            return False
        await self.begin(change, revert)
        await self.let_look(change, revert.id, seconds)
        return True

    async def forget(self, change: Change, operation: UUID) -> None:
        """It did nothing."""
        await change.execute(delete(operations).where(operations.c.id == operation))

    async def find(self, read: Read, operation: UUID, *, any_tenant: bool = False) -> OperationRow | None:
        wanted = select(operations).where(operations.c.id == operation)
        if not any_tenant:
            wanted = wanted.where(operations.c.tenant == read.tenant)
        row = (await read.execute(wanted)).first()
        return None if row is None else operation_row(row)

    async def page(self, read: Read, asked: OperationsQuery) -> list[dict[str, Any]]:
        """Newest first, one more than a page where there is more; `records` counts an operation's records."""
        counted = select(func.count()).where(operation_records.c.operation == operations.c.id).scalar_subquery()
        wanted = select(operations, counted.label("records")).where(operations.c.tenant == read.tenant)
        for name in ("base", "table", "actor", "state"):
            if (value := getattr(asked, name)) is not None:
                wanted = wanted.where(operations.c[name] == value)
        if asked.since is not None:
            wanted = wanted.where(operations.c.created_at >= asked.since)
        if asked.until is not None:
            wanted = wanted.where(operations.c.created_at < asked.until)
        if asked.cursor is not None:
            wanted = wanted.where(operations.c.id < asked.cursor)
        rows = await read.execute(wanted.order_by(operations.c.id.desc()).limit(asked.page_size + 1))
        return [dict(row._mapping) for row in rows]

    async def records(self, read: Read, operation: UUID) -> list[RecordRow]:
        wanted = select(operation_records).where(operation_records.c.operation == operation)
        rows = await read.execute(wanted.order_by(operation_records.c.position))
        return [record_row(row) for row in rows]

    async def newest_images(
        self, read: Read, operation: OperationRow, ids: Sequence[str], seconds: float
    ) -> dict[str, dict[str, Any]]:
        """What our last write left of these records, where that is younger than `seconds` and keyed alike."""
        newest = (
            select(operation_records, operations.c.fields_by_id)
            .join(operations, operations.c.id == operation_records.c.operation)
            .where(operation_records.c.tenant == read.tenant, operation_records.c.record.in_(ids))
            .where(operations.c.base == operation.base)
            .distinct(operation_records.c.record)
            .order_by(operation_records.c.record, operation_records.c.operation.desc())
            .subquery()
        )
        young = newest.c.sent_at > func.now() - func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        wanted = select(newest.c.record, newest.c.after).where(newest.c.state == "done", young)
        rows = await read.execute(wanted.where(newest.c.fields_by_id == operation.fields_by_id))
        return {row.record: row.after for row in rows if row.after is not None}

    async def known_since(self, read: Read, ids: Sequence[str]) -> set[str]:
        """Which of these records a settled operation of ours has made."""
        wanted = select(operation_records.c.record).where(
            and_(operation_records.c.tenant == read.tenant, operation_records.c.record.in_(ids))
        )
        return {row.record for row in await read.execute(wanted.where(operation_records.c.state == "done"))}

    async def twins(self, read: Read, operation: OperationRow) -> list[dict[str, Any]]:
        """Cells of other records whose creation in the same table is not resolved either."""
        about = {"tenant": read.tenant, "base": operation.base, "table": operation.table, "id": operation.id}
        return [row.sent or {} for row in await read.execute(_TWINS, about)]

    async def successors(self, read: Read, records: Sequence[str]) -> dict[str, str]:
        """Deleted record → what it last came back as."""
        if not records:
            return {}
        rows = await read.execute(_SUCCESSORS, {"tenant": read.tenant, "records": list(records)})
        return {row.was: row.now for row in rows}

    async def uncertain(self, read: Read, records: Sequence[str]) -> set[str]:
        """Deleted records that may have come back: the answer to that was lost, and reading back did not tell."""
        back = operation_records.c
        wanted = select(back.replaces).where(back.tenant == read.tenant, back.replaces.in_(records))
        return {row.replaces for row in await read.execute(wanted.where(back.state == "unknown"))}

    async def reverts_of(self, read: Read, operation: UUID) -> list[UUID]:
        """Oldest first."""
        wanted = select(operations.c.id).where(operations.c.tenant == read.tenant, operations.c.reverts == operation)
        return [row.id for row in await read.execute(wanted.order_by(operations.c.id))]


def operation_row(row: Row[Any]) -> OperationRow:
    names = OperationRow.__dataclass_fields__
    return OperationRow(**{name: row._mapping[name] for name in names})


def record_row(row: Row[Any]) -> RecordRow:
    names = RecordRow.__dataclass_fields__
    return RecordRow(**{name: row._mapping[name] for name in names})
