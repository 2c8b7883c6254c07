"""Who relies on which version of a schema, and how it fares."""

from apps.schema_service import domain
from apps.schema_service.service.versions import NEWEST, Schemas
from apps.schema_service.store import ConsumerStore
from chassis import Database, Principal
from contracts.listing import Listing
from contracts.schema_service import Consumer, ConsumerState, Declaration, Which


class Consumers:
    def __init__(self, db: Database, store: ConsumerStore, schemas: Schemas) -> None:
        self._db, self._store, self._schemas = db, store, schemas

    async def declare(self, base: str, consumer: str, said: Declaration, who: Principal) -> ConsumerState:
        """Raises UnknownVersion, and UnknownThing for what it uses and its version has not."""
        known = await self._schemas.of(base, Which(version=said.version), who)
        uses = domain.used(known.tables, said.uses)
        async with self._db.change(who) as change:
            change.audit(("base", base), ("consumer", consumer), version=known.version)
            await self._store.declare(change, base, consumer, known.version, uses)
        return await self.of(base, consumer, who)

    async def forget(self, base: str, consumer: str, who: Principal) -> None:
        """Raises UnknownConsumer."""
        async with self._db.change(who) as change:
            change.audit(("base", base), ("consumer", consumer))
            if not await self._store.forget(change, base, consumer):
                raise _unknown(base, consumer)

    async def of(self, base: str, consumer: str, who: Principal) -> ConsumerState:
        """Raises UnknownConsumer."""
        async with self._db.read(who) as read:
            found = await self._store.of(read, base, consumer)
        if found is None:
            raise _unknown(base, consumer)
        then = await self._schemas.of(base, Which(version=found.version), who)
        now = await self._schemas.of(base, NEWEST, who)
        return domain.state(found, then.tables, now.tables, now.version)

    async def listing(self, base: str, who: Principal) -> Listing[Consumer]:
        async with self._db.read(who) as read:
            return Listing(items=await self._store.listing(read, base))


def _unknown(base: str, consumer: str) -> domain.UnknownConsumer:
    return domain.UnknownConsumer(
        f"Nobody called {consumer} was declared for {base}. "
        f"Declare it with PUT /api/v1/schemas/{base}/consumers/{consumer}."
    )
