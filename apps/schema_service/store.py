"""Snapshots in PostgreSQL: the only file that knows SQL."""

from sqlalchemy import Column, DateTime, Integer, MetaData, Table, Text, func, select, text
from sqlalchemy.dialects.postgresql import JSONB, insert

from chassis import Change, Read
from contracts.airtable_connector import Table as AirtableTable
from contracts.schema_service import Found, SearchQuery, Snapshot, Version, Which

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

    async def search(self, read: Read, asked: SearchQuery, limit: int) -> list[Found]:
        """Things of the newest versions whose name or description has every word, those with the best names first."""
        words = [f"%{_escaped(word)}%" for word in asked.q.split()] or [f"%{_escaped(asked.q)}%"]
        values = {
            "tenant": read.tenant,
            "base": asked.base,
            "what": asked.what,
            "words": words,
            "exact": asked.q.strip(),
            "start": f"{_escaped(asked.q.strip())}%",
            "limit": limit,
            "offset": asked.cursor,
        }
        rows = await read.execute(text(_SEARCH), values)
        return [Found.model_validate(dict(row)) for row in rows.mappings()]


# In PostgreSQL and not here: the snapshots of a hundred bases are megabytes.
_SEARCH = """
    WITH newest AS (
        SELECT DISTINCT ON (base) base, version, tables FROM snapshots
        WHERE tenant = :tenant AND (base = cast(:base AS text) OR cast(:base AS text) IS NULL)
        ORDER BY base, version DESC
    ), things AS (
        SELECT base, version, 'table' AS what, t AS of, t AS thing FROM newest, jsonb_array_elements(tables) t
        UNION ALL
        SELECT base, version, 'field', t, f
        FROM newest, jsonb_array_elements(tables) t, jsonb_array_elements(t -> 'fields') f
        UNION ALL
        SELECT base, version, 'view', t, v
        FROM newest, jsonb_array_elements(tables) t, jsonb_array_elements(t -> 'views') v
    ), named AS (
        SELECT base, version, what, of ->> 'id' AS table_id, of ->> 'name' AS "table", thing ->> 'id' AS id,
            thing ->> 'name' AS name, thing ->> 'type' AS type, thing ->> 'description' AS description
        FROM things WHERE what = cast(:what AS text) OR cast(:what AS text) IS NULL
    )
    SELECT * FROM named WHERE concat_ws(' ', name, description) ILIKE ALL (cast(:words AS text[]))
    ORDER BY lower(name) = lower(:exact) DESC, name ILIKE :start DESC, name ILIKE ALL (cast(:words AS text[])) DESC,
        base, "table", what <> 'table', name, id
    LIMIT :limit OFFSET :offset
"""


def _escaped(word: str) -> str:
    """As a part of a pattern that stands for itself."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
