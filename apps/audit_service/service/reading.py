"""Looking into a trail."""

from datetime import datetime
from uuid import UUID

from apps.audit_service.domain.errors import UnknownEntry
from apps.audit_service.store import SearchStore
from chassis import Database, Principal
from contracts.audit_service import AccessReport, EntriesQuery, Filter, TrailEntry
from contracts.listing import Listing


class Reading:
    def __init__(self, db: Database, store: SearchStore) -> None:
        self._db = db
        self._store = store

    async def page(self, asked: EntriesQuery, who: Principal) -> Listing[TrailEntry]:
        async with self._db.read(who) as read:
            found = await self._store.newest(read, asked, asked.cursor, asked.page_size + 1)
        items = found[: asked.page_size]
        return Listing(items=items, next=str(items[-1].index) if len(found) > len(items) else None)

    async def one(self, id_: UUID, who: Principal) -> TrailEntry:
        """Raises UnknownEntry."""
        async with self._db.read(who) as read:
            found = await self._store.one(read, id_)
        if found is None:
            raise UnknownEntry(f"The trail has no entry {id_}.")
        return found

    async def count(self, asked: Filter, who: Principal) -> int:
        async with self._db.read(who) as read:
            return await self._store.count(read, asked)

    async def access(self, target: str, since: datetime | None, until: datetime | None, who: Principal) -> AccessReport:
        async with self._db.read(who) as read:
            return AccessReport(target=target, items=await self._store.access(read, target, since, until))
