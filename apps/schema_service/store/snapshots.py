"""Bases and the snapshots of their schemas."""

from sqlalchemy import Column, DateTime, Integer, MetaData, Table, Text, func, select
from sqlalchemy.dialects.postgresql import JSONB, insert

from chassis import Change, Read
from contracts.airtable_connector import Table as AirtableTable
from contracts.schema_service import Snapshot, Version, Which

metadata = MetaData()
bases = Table(
    "bases",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("base", Text, primary_key=True),
    Column("seen_at", DateTime(timezone=True), nullable=False),
)
snapshots = Table(
    "snapshots",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("base", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("hash", Text, nullable=False),
    Column("tables", JSONB, nullable=False),
    Column("taken_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("taken_by", Text, nullable=False),
)
LISTED = [snapshots.c[name] for name in Version.model_fields]


class SchemaStore:
    async def lock(self, change: Change, base: str) -> None:
        """Note that the base was seen now; until the change ends nobody else counts its versions on."""
        row = insert(bases).values(tenant=change.tenant, base=base, seen_at=func.now())
        seen = row.on_conflict_do_update(index_elements=["tenant", "base"], set_={"seen_at": func.now()})
        await change.execute(seen)

    async def add(self, change: Change, base: str, version: int, digest: str, tables: list[AirtableTable]) -> None:
        row = {"tenant": change.tenant, "base": base, "version": version, "hash": digest, "taken_by": change.actor}
        await change.execute(insert(snapshots).values(**row, tables=[table.model_dump() for table in tables]))

    async def of(self, read: Read, base: str, which: Which) -> Snapshot | None:
        """`seen_at` is known of the newest only: an older one was not seen again."""
        found = select(snapshots).where(snapshots.c.tenant == read.tenant, snapshots.c.base == base)
        if which.version is not None:
            found = found.where(snapshots.c.version == which.version)
        elif which.as_of is not None:
            found = found.where(snapshots.c.taken_at <= which.as_of)
        else:
            found = found.add_columns(bases.c.seen_at).join(
                bases, (bases.c.tenant == snapshots.c.tenant) & (bases.c.base == snapshots.c.base)
            )
        row = (await read.execute(found.order_by(snapshots.c.version.desc()).limit(1))).mappings().one_or_none()
        return None if row is None else Snapshot.model_validate(dict(row))

    async def versions(self, read: Read, base: str, before: int | None, limit: int) -> list[Version]:
        """Newest first, those older than `before`."""
        mine = select(*LISTED).where(snapshots.c.tenant == read.tenant, snapshots.c.base == base)
        if before is not None:
            mine = mine.where(snapshots.c.version < before)
        rows = await read.execute(mine.order_by(snapshots.c.version.desc()).limit(limit))
        return [Version.model_validate(dict(row)) for row in rows.mappings()]

    async def known(self, read: Read) -> list[tuple[str, str]]:
        """(tenant, base) of all tenants: for the job that looks again."""
        rows = await read.execute(select(bases.c.tenant, bases.c.base).order_by(bases.c.seen_at))
        return [(row.tenant, row.base) for row in rows]
