"""Find tables, fields and views by words."""

from apps.schema_service.store import SearchStore
from chassis import Database, Principal
from contracts.listing import Listing
from contracts.schema_service import Found, SearchQuery


class Search:
    def __init__(self, db: Database, store: SearchStore) -> None:
        self._db = db
        self._store = store

    async def find(self, asked: SearchQuery, who: Principal) -> Listing[Found]:
        """In the newest version of every base of the tenant; whose name is just that comes first."""
        async with self._db.read(who) as read:
            found = await self._store.search(read, asked, asked.page_size + 1)
        more = len(found) > asked.page_size
        return Listing(items=found[: asked.page_size], next=str(asked.cursor + asked.page_size) if more else None)
