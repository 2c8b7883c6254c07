"""Who relies on which version."""

from typing import Any

from sqlalchemy import Column, DateTime, Integer, Select, Table, Text, delete, func, select
from sqlalchemy.dialects.postgresql import JSONB, insert

from apps.schema_service.store.snapshots import metadata
from chassis import Change, Read
from contracts.schema_service import Consumer

consumers = Table(
    "consumers",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("base", Text, primary_key=True),
    Column("consumer", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("uses", JSONB, nullable=False),
    Column("declared_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("declared_by", Text, nullable=False),
)


class ConsumerStore:
    async def declare(self, change: Change, base: str, consumer: str, version: int, uses: list[str]) -> None:
        said = {"version": version, "uses": uses, "declared_by": change.actor, "declared_at": func.now()}
        row = insert(consumers).values(tenant=change.tenant, base=base, consumer=consumer, **said)
        await change.execute(row.on_conflict_do_update(index_elements=["tenant", "base", "consumer"], set_=said))

    async def forget(self, change: Change, base: str, consumer: str) -> bool:
        """Whether there was one."""
        mine = (consumers.c.tenant == change.tenant) & (consumers.c.base == base) & (consumers.c.consumer == consumer)
        gone = await change.execute(delete(consumers).where(mine).returning(consumers.c.consumer))
        return gone.one_or_none() is not None

    async def of(self, read: Read, base: str, consumer: str) -> Consumer | None:
        mine = _consumers(read, base).where(consumers.c.consumer == consumer)
        row = (await read.execute(mine)).mappings().one_or_none()
        return None if row is None else Consumer.model_validate(dict(row))

    async def listing(self, read: Read, base: str) -> list[Consumer]:
        rows = await read.execute(_consumers(read, base).order_by(consumers.c.consumer))
        return [Consumer.model_validate(dict(row)) for row in rows.mappings()]


def _consumers(read: Read, base: str) -> Select[Any]:
    columns = [consumers.c[name] for name in Consumer.model_fields]
    return select(*columns).where(consumers.c.tenant == read.tenant, consumers.c.base == base)
