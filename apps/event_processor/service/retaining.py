"""Events are kept as long as their tenant says, and longer when somebody has yet to process them."""

from apps.event_processor.domain.catalogue import OWN
from apps.event_processor.domain.errors import TooManyRules, UnknownRule
from apps.event_processor.store import RetentionStore
from chassis import Database, Principal, service
from contracts.event_processor import RULES, Retention, RetentionRule
from contracts.listing import Listing

BATCH = 1_000  # events of one transaction
BATCHES = 20  # of one rule and run, so that each rule has its turn


class Rules:
    def __init__(self, db: Database, store: RetentionStore) -> None:
        self._db, self._store = db, store

    async def all(self, who: Principal) -> Listing[Retention]:
        async with self._db.read(who) as read:
            return Listing(items=await self._store.all(read))

    async def put(self, name: str, rule: RetentionRule, who: Principal) -> Retention:
        """It begins to drop with the next run. Raises TooManyRules."""
        async with self._db.change(who) as change:
            known = {each.name for each in await self._store.all(change)}
            if name not in known and len(known) >= RULES:
                raise TooManyRules(f"You have {RULES} rules of retention. Delete one first.")
            await self._store.put(change, name, rule)
            return (await self._store.all(change, name))[0]

    async def delete(self, name: str, who: Principal) -> None:
        """What it dropped stays dropped. Raises UnknownRule."""
        async with self._db.change(who) as change:
            if not await self._store.delete(change, name):
                raise UnknownRule(f"There is no rule of retention {name} of yours.")

    async def apply(self) -> None:
        """Drop what any tenant's rules are beyond."""
        async with self._db.read(service(OWN)) as read:
            rules = await self._store.everybodys(read)
        for row in rules:
            for _ in range(BATCHES):
                async with self._db.change(service(OWN, row.tenant)) as change:
                    found = await self._store.all(change, row.name)
                    if not found or await self._store.drop(change, row.name, found[0].rule, BATCH) < BATCH:
                        break
