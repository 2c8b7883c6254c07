"""Files being made of a trail: what was asked for, how far it is, and its parts."""

from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, text

from chassis import Change, Read
from contracts.audit_service import Export, Filter, NewExport

KEPT = 7  # days a file stays

_COLUMNS = "id, tenant, format, asked, state, total, done, bytes, parts, cursor, problem, asked_by, created_at"
_ADD = text(f"""
    INSERT INTO exports (id, tenant, format, asked, state, total, asked_by)
    VALUES (:id, :tenant, :format, CAST(:asked AS jsonb), 'waiting', :total, :asked_by) RETURNING {_COLUMNS}
""")  # noqa: S608
_BUSY = text("SELECT count(*) FROM exports WHERE tenant = :tenant AND state IN ('waiting', 'working')")
_LIST = text(f"SELECT {_COLUMNS} FROM exports WHERE tenant = :tenant ORDER BY id DESC LIMIT 100")  # noqa: S608
_ONE = text(f"SELECT {_COLUMNS} FROM exports WHERE tenant = :tenant AND id = :id")  # noqa: S608
_NEXT = text(f"""
    SELECT {_COLUMNS} FROM exports WHERE state IN ('waiting', 'working')
    ORDER BY worked_at LIMIT 1 FOR UPDATE SKIP LOCKED
""")  # noqa: S608
_ADD_PART = text("INSERT INTO export_parts (export, part, content) VALUES (:id, :part, :content)")
_ADVANCE = text("""
    UPDATE exports SET state = :state, done = done + :done, bytes = bytes + :bytes, parts = parts + 1,
        cursor = :cursor, worked_at = clock_timestamp() WHERE id = :id
""")
_FAIL = text("UPDATE exports SET state = 'failed', problem = :problem WHERE id = :id")
_PART = text("""
    SELECT p.content FROM export_parts AS p JOIN exports AS e ON e.id = p.export
    WHERE e.tenant = :tenant AND e.id = :id AND p.part = :part
""")
_FORGET = text(f"DELETE FROM exports WHERE created_at < now() - interval '{KEPT} days'")  # noqa: S608


class ExportStore:
    async def add(self, change: Change, id_: UUID, new: NewExport, total: int) -> Export:
        asked = new.filter.model_dump_json(exclude_none=True)
        values = {"id": id_, "tenant": change.tenant, "format": new.format, "asked": asked, "total": total}
        return export((await change.execute(_ADD, {**values, "asked_by": change.actor})).one())

    async def at_work(self, read: Read) -> int:
        found: int = await read.scalar(_BUSY, {"tenant": read.tenant})
        return found

    async def newest(self, read: Read) -> list[Export]:
        return [export(row) for row in await read.execute(_LIST, {"tenant": read.tenant})]

    async def one(self, read: Read, id_: UUID) -> Export | None:
        row = (await read.execute(_ONE, {"tenant": read.tenant, "id": id_})).first()
        return export(row) if row else None

    async def part(self, read: Read, id_: UUID, part: int) -> bytes | None:
        found = await read.scalar(_PART, {"tenant": read.tenant, "id": id_, "part": part})
        return None if found is None else bytes(found)

    async def take(self, change: Change) -> Row[Any] | None:
        """The unfinished one that was longest without work, for this transaction alone."""
        return (await change.execute(_NEXT)).first()

    async def advance(
        self, change: Change, row: Row[Any], content: bytes, done: int, cursor: int, *, finished: bool
    ) -> None:
        await change.execute(_ADD_PART, {"id": row.id, "part": row.parts, "content": content})
        state = "done" if finished else "working"
        values = {"id": row.id, "state": state, "done": done, "bytes": len(content), "cursor": cursor}
        await change.execute(_ADVANCE, values)

    async def fail(self, change: Change, id_: UUID, problem: str) -> None:
        await change.execute(_FAIL, {"id": id_, "problem": problem})

    async def forget(self, change: Change) -> None:
        """Delete files that are older than a week."""
        await change.execute(_FORGET)


def export(row: Any) -> Export:
    asked = Filter.model_validate(row.asked if isinstance(row.asked, dict) else orjson.loads(row.asked))
    values = {name: getattr(row, name) for name in Export.model_fields if name != "filter"}
    return Export(filter=asked, **values)
