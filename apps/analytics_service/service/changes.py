"""What changed: the starts that spans tell of, and what subscriptions note."""

from collections.abc import Iterable
from datetime import datetime

from apps.analytics_service.domain.changes import Start, start_of, told_by
from apps.analytics_service.domain.spans import Span
from apps.analytics_service.settings import Settings
from apps.analytics_service.store import ChangeStore
from chassis import Database, Principal, service
from contracts.analytics_service import ChangesQuery, PlatformChange
from contracts.listing import Listing

UNWRITTEN = 1_000  # starts that wait for the database; then the oldest are dropped
MOST = 10_000  # changes kept


class Changes:
    def __init__(self, settings: Settings, db: Database, store: ChangeStore) -> None:
        self._db, self._store = db, store
        self._who = service(settings.app_id)
        self._starts: list[Start] = []

    def take(self, spans: Iterable[Span]) -> None:
        """Note the starts among them, to be written later."""
        self._starts += [start for start in map(start_of, spans) if start]
        del self._starts[:-UNWRITTEN]

    async def write(self) -> None:
        """Raises what the database raises: then what was noted waits."""
        while self._starts:
            start = self._starts[0]
            async with self._db.change(self._who) as change:
                before = await self._store.begin(change, start)
                if before is not None:
                    last, known = before
                    await self._store.add(change, told_by(start, last, known=known))
            self._starts.remove(start)

    async def page(self, query: ChangesQuery, who: Principal) -> Listing[PlatformChange]:
        """Told last first."""
        async with self._db.read(who) as read:
            found, more = await self._store.page(read, query)
        return Listing(items=found, next=None if more is None else str(more))

    async def forget(self, before: datetime) -> None:
        """Delete what came before then, and what there is no room for."""
        async with self._db.change(self._who) as change:
            await self._store.forget(change, before, MOST)
