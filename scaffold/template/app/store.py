"""Remembered bases in PostgreSQL: the only file that knows SQL."""

from sqlalchemy import Column, DateTime, Integer, MetaData, Table, Text, func, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from chassis import Change, Read
from contracts.example_service import Summary

bases = Table(
    "bases",
    MetaData(),
    Column("tenant", Text, primary_key=True),
    Column("base", Text, primary_key=True),
    Column("remembered_by", Text, nullable=False),
    Column("tables", Integer),
    Column("fields", Integer),
    Column("widest", JSONB),
    Column("measured_at", DateTime(timezone=True)),
)


class BaseStore:
    async def add(self, change: Change, base: str) -> bool:
        """Whether it is new."""
        row = insert(bases).values(tenant=change.tenant, base=base, remembered_by=change.actor)
        return (await change.execute(row.on_conflict_do_nothing())).rowcount == 1

    async def keep(self, change: Change, summary: Summary) -> None:
        measured = summary.model_dump(mode="json", include={"tables", "fields", "widest"})
        mine = (bases.c.tenant == change.tenant) & (bases.c.base == summary.base)
        await change.execute(update(bases).where(mine).values(**measured, measured_at=func.now()))

    async def of(self, read: Read, base: str) -> Summary | None:
        mine = (bases.c.tenant == read.tenant) & (bases.c.base == base)
        row = (await read.execute(select(bases).where(mine))).one_or_none()
        return None if row is None else Summary.model_validate(row, from_attributes=True)
