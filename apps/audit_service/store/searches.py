"""Searches that a tenant keeps by name."""

import orjson
from sqlalchemy import text

from chassis import Change, Read
from contracts.audit_service import Filter, SavedSearch

_ALL = text("SELECT name, filter, set_by, set_at FROM searches WHERE tenant = :tenant ORDER BY name")
_ONE = text("SELECT name, filter, set_by, set_at FROM searches WHERE tenant = :tenant AND name = :name")
_COUNT = text("SELECT count(*) FROM searches WHERE tenant = :tenant AND name <> :name")
_SET = text("""
    INSERT INTO searches (tenant, name, filter, set_by) VALUES (:tenant, :name, CAST(:filter AS jsonb), :set_by)
    ON CONFLICT (tenant, name) DO UPDATE SET filter = excluded.filter, set_by = excluded.set_by, set_at = now()
    RETURNING name, filter, set_by, set_at
""")
_DELETE = text("DELETE FROM searches WHERE tenant = :tenant AND name = :name")


class SavedSearchStore:
    async def all(self, read: Read) -> list[SavedSearch]:
        return [SavedSearch(**row._mapping) for row in await read.execute(_ALL, {"tenant": read.tenant})]

    async def one(self, read: Read, name: str) -> SavedSearch | None:
        row = (await read.execute(_ONE, {"tenant": read.tenant, "name": name})).first()
        return SavedSearch(**row._mapping) if row else None

    async def others(self, read: Read, name: str) -> int:
        """How many there are beside `name`."""
        found: int = await read.scalar(_COUNT, {"tenant": read.tenant, "name": name})
        return found

    async def set(self, change: Change, name: str, asked: Filter) -> SavedSearch:
        kept = orjson.dumps(asked.model_dump(mode="json", exclude_none=True)).decode()
        values = {"tenant": change.tenant, "name": name, "filter": kept, "set_by": change.actor}
        return SavedSearch(**(await change.execute(_SET, values)).one()._mapping)

    async def delete(self, change: Change, name: str) -> bool:
        """Whether there was one."""
        return bool((await change.execute(_DELETE, {"tenant": change.tenant, "name": name})).rowcount)
