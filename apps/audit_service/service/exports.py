"""Making files of a trail, a part at a time, so that a replica that dies costs one part."""

from typing import Any
from uuid import UUID

from apps.audit_service.domain import files
from apps.audit_service.domain.errors import ExportsFull, UnknownExport
from apps.audit_service.service.checkpoints import Checkpoints
from apps.audit_service.store import CheckpointStore, ExportStore, RetentionStore, SearchStore, TrailStore
from apps.audit_service.store.exports import export
from chassis import Change, Database, Principal, service, uuid7
from contracts.audit_service import Export, NewExport

AT_ONCE = 5  # unfinished exports of a tenant
ROWS = 5_000  # entries of a part, fewer when they are long
BYTES = 4 * 1024 * 1024  # of a part, about: an answer through a sidecar has at most 16 MiB
PARTS_A_RUN = 100


class Exports:
    def __init__(
        self,
        db: Database,
        store: ExportStore,
        search: SearchStore,
        trail: TrailStore,
        kept: CheckpointStore,
        retention: RetentionStore,
        checkpoints: Checkpoints,
    ) -> None:
        self._db = db
        self._store = store
        self._search = search
        self._trail = trail
        self._kept = kept
        self._retention = retention
        self._checkpoints = checkpoints

    async def begin(self, new: NewExport, who: Principal) -> Export:
        """Raises ExportsFull."""
        async with self._db.change(who) as change:
            if (busy := await self._store.at_work(change)) >= AT_ONCE:
                raise ExportsFull(f"{busy} exports are at work. Wait for one of them.", headers={"Retry-After": "5"})
            if new.format == "bundle":
                total = (await self._trail.head(change, who.tenant)).index + 1
            else:
                total = await self._search.count(change, new.filter)
            return await self._store.add(change, uuid7(), new, total)

    async def newest(self, who: Principal) -> list[Export]:
        async with self._db.read(who) as read:
            return await self._store.newest(read)

    async def one(self, id_: UUID, who: Principal) -> Export:
        """Raises UnknownExport."""
        async with self._db.read(who) as read:
            found = await self._store.one(read, id_)
        if found is None:
            raise UnknownExport(f"There is no export {id_}.")
        return found

    async def part(self, id_: UUID, part: int, who: Principal) -> tuple[Export, bytes]:
        """Raises UnknownExport."""
        found = await self.one(id_, who)
        async with self._db.read(who) as read:
            content = await self._store.part(read, id_, part)
        if content is None:
            raise UnknownExport(f"The export {id_} has no part {part}; it has {found.parts}.")
        return found, content

    async def work(self) -> None:
        """Make parts until nothing is unfinished, and delete old files."""
        who = service(self._db.app_id)
        async with self._db.change(who) as change:
            await self._store.forget(change)
        for _ in range(PARTS_A_RUN):
            async with self._db.change(who) as change:
                row = await self._store.take(change)
                if row is None:
                    return
                await self._part(change, row)

    async def _part(self, change: Change, row: Any) -> None:
        begun = row.parts > 0
        first = row.cursor or 0
        asked = export(row)
        if row.format == "bundle":
            rows, end = await self._bundle_rows(change, row, first)
            content = files.bundle_lines(rows)
        else:
            on_behalf = service(self._db.app_id, row.tenant)
            async with self._db.read(on_behalf) as read:
                rows = _fitting(await self._search.onwards(read, asked.filter, first, ROWS))
            end = not rows
            content = (files.csv_lines if row.format == "csv" else files.json_lines)(rows)
        cursor = rows[-1].at + 1 if rows else first
        if not begun:
            content = await self._head(row) + content
        if end and row.format == "bundle":
            content += await self._tail(change, row, cursor)
        await self._store.advance(change, row, content, len(rows), cursor, finished=end)

    async def _bundle_rows(self, change: Change, row: Any, first: int) -> tuple[list[Any], bool]:
        rows = _fitting(await self._trail.walk(change, row.tenant, first, row.total, ROWS))
        return rows, not rows or rows[-1].at + 1 >= row.total

    async def _head(self, row: Any) -> bytes:
        if row.format == "bundle":
            return files.bundle_head(row.tenant, (await self._checkpoints.key()).key, row.total)
        return files.csv_head() if row.format == "csv" else b""

    async def _tail(self, change: Change, row: Any, size: int) -> bytes:
        tombstones = await self._retention.tombstones(change, row.tenant, 0, size)
        notes, after = [*(await self._checkpoints.key()).handovers, *tombstones], 0
        while kept := await self._kept.page(change, row.tenant, after, 10_000, size):
            notes += [each.note for each in kept]
            after = kept[-1].size
        return files.bundle_tail(notes)


def _fitting(rows: list[Any]) -> list[Any]:
    """As many as make a part, at least one."""
    length = 0
    for number, row in enumerate(rows, 1):
        length += len(row.entry or b"") + 100
        if length > BYTES:
            return rows[:number]
    return rows
