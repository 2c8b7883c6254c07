"""What comes is kept: as an event, or in quarantine with the reason why it is none."""

from apps.event_processor.domain.catalogue import DEAD_LETTERS, OWN
from apps.event_processor.domain.entries import UNKNOWN_TENANT, Entry, Invalid
from apps.event_processor.domain.errors import UnknownQuarantined
from apps.event_processor.service.accepting import accept
from apps.event_processor.service.bell import Bell
from apps.event_processor.service.letters import Letters
from apps.event_processor.store import EventStore, QuarantineStore
from chassis import Arrival, Change, Database, Drop, Principal, service
from contracts.event_processor import Judged, Quarantined
from contracts.listing import Listing

PAGE = 50


class Keeper:
    def __init__(
        self, db: Database, events: EventStore, quarantine: QuarantineStore, letters: Letters, bell: Bell
    ) -> None:
        self._db, self._events, self._quarantine, self._bell = db, events, quarantine, bell
        self._letters = letters

    async def keep(self, arrival: Arrival) -> None:
        """Safe to run twice. What this app's own subscription gave up comes here again, as a dead letter of its own."""
        kind, _, consumer = arrival.topic.partition(".")
        if kind == DEAD_LETTERS and consumer != OWN:
            await self._letters.keep(consumer, arrival)
            return
        entry, tenant, reason = _judge(arrival)
        async with self._db.change(service(OWN, tenant)) as change:
            if entry:
                await self._store(change, entry)
            else:
                await self._quarantine.add(change, arrival.topic, arrival.body, reason, tenant)

    async def quarantined(self, who: Principal, before: int) -> Listing[Quarantined]:
        async with self._db.read(who) as read:
            items = await self._quarantine.page(read, before, PAGE)
        return Listing(items=items, next=str(items[-1].id) if len(items) == PAGE else None)

    async def judge_again(self, id: int, who: Principal) -> Judged:
        """Store it if contracts know it by now. Raises UnknownQuarantined."""
        async with self._db.change(who) as change:
            found = await self._take(change, id)
            entry, _, reason = _judge(found)
            if entry is None:
                return Judged(stored=False, reason=reason)
            await self._store(change, entry)
            await self._quarantine.remove(change, id)
        return Judged(stored=True)

    async def purge(self, id: int, who: Principal) -> None:
        """Raises UnknownQuarantined."""
        async with self._db.change(who) as change:
            await self._take(change, id)
            await self._quarantine.remove(change, id)

    async def _take(self, change: Change, id: int) -> Arrival:
        found = await self._quarantine.take(change, id)
        if found is None:
            raise UnknownQuarantined(f"There is nothing with the id {id} in your quarantine.")
        return Arrival(found.topic, found.raw)

    async def _store(self, change: Change, entry: Entry) -> None:
        if await self._events.add(change, [entry]):
            change.after_commit(self._bell.ring)
            if entry.tells_of_failure:
                await self._letters.explain(change, entry)


def _judge(arrival: Arrival) -> tuple[Entry | None, str, str]:
    """The entry, or None and why it is none; and whose it is."""
    tenant = UNKNOWN_TENANT
    try:
        envelope = arrival.envelope()
        tenant = envelope.tenant.replace("\0", "")
        return accept(envelope), tenant, ""
    except (Drop, Invalid) as reason:
        return None, tenant, str(reason)
