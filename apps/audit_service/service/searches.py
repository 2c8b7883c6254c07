"""Searches that a tenant keeps by name."""

from apps.audit_service.domain.errors import SearchesFull, UnknownSearch
from apps.audit_service.store import SavedSearchStore
from chassis import Database, Principal
from contracts.audit_service import Filter, SavedSearch

MOST = 500  # of a tenant


class Searches:
    def __init__(self, db: Database, store: SavedSearchStore) -> None:
        self._db = db
        self._store = store

    async def all(self, who: Principal) -> list[SavedSearch]:
        async with self._db.read(who) as read:
            return await self._store.all(read)

    async def one(self, name: str, who: Principal) -> SavedSearch:
        """Raises UnknownSearch (404)."""
        async with self._db.read(who) as read:
            found = await self._store.one(read, name)
        if found is None:
            raise _unknown(name)
        return found

    async def set(self, name: str, asked: Filter, who: Principal) -> SavedSearch:
        """Raises SearchesFull (409)."""
        async with self._db.change(who) as change:
            if await self._store.others(change, name) >= MOST:
                raise SearchesFull(f"{MOST} searches are kept already. Delete one.")
            return await self._store.set(change, name, asked)

    async def delete(self, name: str, who: Principal) -> None:
        """Raises UnknownSearch (404)."""
        async with self._db.change(who) as change:
            if not await self._store.delete(change, name):
                raise _unknown(name)


def _unknown(name: str) -> UnknownSearch:
    return UnknownSearch(f"No search is kept as {name}. GET /api/v1/audit/searches lists them.")
