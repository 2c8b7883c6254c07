"""Changes, and the starts that they are found by."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import BigInteger, Column, DateTime, MetaData, Table, Text, delete, func, select, text
from sqlalchemy.dialects.postgresql import JSONB, insert

from apps.analytics_service.domain.changes import Change as Changed
from apps.analytics_service.domain.changes import Start
from apps.analytics_service.domain.traces import NOBODYS
from chassis import Change, Read
from contracts.analytics_service import ChangesQuery, PlatformChange

metadata = MetaData()
changes = Table(
    "changes",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("tenant", Text, nullable=False),
    Column("app", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("detail", Text, nullable=False),
)
starts = Table(
    "starts",
    metadata,
    Column("instance", Text, primary_key=True),
    Column("app", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("place", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("settings", JSONB, nullable=False),
)
LISTED = [changes.c[name] for name in PlatformChange.model_fields]


class ChangeStore:
    async def begin(self, change: Change, start: Start) -> tuple[Start | None, bool] | None:
        """Note a start: the app's latest before it, and whether there was one at its place. None: it is known."""
        await change.execute(text("SELECT pg_advisory_xact_lock(hashtext(:app))"), {"app": f"start of {start.app}"})
        before = select(starts).where(starts.c.app == start.app, starts.c.at < start.at)
        last = (await change.execute(before.order_by(starts.c.at.desc()).limit(1))).mappings().one_or_none()
        known = await change.scalar(select(before.where(starts.c.place == start.place).exists()))
        new = insert(starts).values(asdict(start)).on_conflict_do_nothing().returning(starts.c.instance)
        if (await change.execute(new)).one_or_none() is None:
            return None
        return (Start(**last) if last else None), bool(known)

    async def add(self, change: Change, changed: Iterable[Changed]) -> None:
        for each in changed:
            await change.execute(insert(changes).values(asdict(each)))

    async def page(self, read: Read, query: ChangesQuery) -> tuple[list[PlatformChange], int | None]:
        """The reader's own and the platform's, told last first, and where the next page begins."""
        found = select(*LISTED, changes.c.number).where(changes.c.tenant.in_([read.tenant, NOBODYS]))
        for column, value in ((changes.c.app, query.app), (changes.c.kind, query.kind)):
            if value:
                found = found.where(column == value)
        if query.since:
            found = found.where(changes.c.at >= query.since)
        if query.until:
            found = found.where(changes.c.at < query.until)
        if query.cursor is not None:
            found = found.where(changes.c.number < query.cursor)
        newest = found.order_by(changes.c.number.desc()).limit(query.page_size + 1)
        rows = (await read.execute(newest)).mappings().all()
        page = rows[: query.page_size]
        more = int(page[-1]["number"]) if len(rows) > len(page) else None
        return [PlatformChange.model_validate(dict(row)) for row in page], more

    async def forget(self, change: Change, before: datetime, most: int) -> None:
        """Delete what came before then and all but the newest `most`; of each app the latest start stays."""
        newest = select(changes.c.number).order_by(changes.c.number.desc()).offset(most).limit(1).scalar_subquery()
        await change.execute(delete(changes).where((changes.c.at < before) | (changes.c.number <= newest)))
        latest = select(func.max(starts.c.at)).group_by(starts.c.app)
        await change.execute(delete(starts).where(starts.c.at < before, starts.c.at.not_in(latest)))
