"""The use cases: remember a base and tell of it, measure it, look at it."""

from apps.example_service import domain
from apps.example_service.clients import AirtableConnector
from apps.example_service.domain import UnknownBase
from apps.example_service.settings import Settings
from apps.example_service.store import BaseStore
from chassis import Database, Principal
from contracts.example_service import BaseRemembered, Summary


class Bases:
    def __init__(self, db: Database, store: BaseStore, airtable: AirtableConnector, settings: Settings) -> None:
        self._db = db
        self._store = store
        self._airtable = airtable
        self._widest = settings.widest

    async def remember(self, base: str, who: Principal) -> Summary:
        async with self._db.change(who) as change:
            change.audit(("base", base))
            if await self._store.add(change, base):
                change.publish(BaseRemembered(base=base))
        return await self.of(base, who)

    async def measure(self, base: str, who: Principal) -> None:
        """Ask for the tables and keep what the domain makes of them. Raises UnknownBase."""
        tables = await self._airtable.tables(base)
        async with self._db.change(who) as change:
            await self._store.keep(change, domain.summarise(base, tables, self._widest))

    async def of(self, base: str, who: Principal) -> Summary:
        async with self._db.read(who) as read:
            found = await self._store.of(read, base)
        if found is None:
            raise UnknownBase(f"The base {base} was never remembered here.")
        return found
