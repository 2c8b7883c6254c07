"""Dead letters: kept with their reasons, brought again by people or, when what failed was only the way, by itself."""

from apps.event_processor.clients import DELIVERY, Consumers
from apps.event_processor.domain.catalogue import OWN, Failed, topic_of
from apps.event_processor.domain.entries import UNKNOWN_TENANT, Entry
from apps.event_processor.domain.errors import LetterBusy, NotSubscribed, UnknownLetter, Unreadable
from apps.event_processor.store import LetterStore
from chassis import AppError, Arrival, Change, Database, Drop, Log, Principal, service
from contracts.event_processor import (
    AT_ONCE,
    DeadLetter,
    DeadLetterWhole,
    LetterReplay,
    LettersChosen,
    LettersPurged,
    LettersQuery,
    LettersReplayed,
)
from contracts.listing import Listing

CLAIM = 2 * DELIVERY  # seconds after which who brought a letter must have died


class Letters:
    def __init__(self, db: Database, store: LetterStore, consumers: Consumers, log: Log) -> None:
        self._db, self._store, self._consumers, self._log = db, store, consumers, log

    async def keep(self, consumer: str, arrival: Arrival) -> None:
        """What `consumer` gave up. Safe to run twice."""
        try:
            came = arrival.envelope()
            tenant, told = came.tenant, (came.id, came.type, came.subject)
        except Drop:
            tenant, told = UNKNOWN_TENANT, ("", "", "")
        async with self._db.change(service(OWN, tenant.replace("\0", ""))) as change:
            await self._store.add(change, consumer, arrival.body, *(each.replace("\0", "") for each in told))

    async def explain(self, change: Change, entry: Entry) -> None:
        """Remember the reason that an event-failed tells."""
        told = Failed.model_validate_json(entry.data)
        reason = told.model_dump(include={"event", "handler", "attempt", "problem"})
        clean = {name: value.replace("\0", "") if isinstance(value, str) else value for name, value in reason.items()}
        await self._store.explain(change, entry.source, {**clean, "at": entry.time})

    async def page(self, asked: LettersQuery, who: Principal) -> Listing[DeadLetter]:
        async with self._db.read(who) as read:
            items = await self._store.page(read, asked, asked.page_size)
        return Listing(items=items, next=str(items[-1].id) if len(items) == asked.page_size else None)

    async def get(self, id: int, who: Principal) -> DeadLetterWhole:
        """Raises UnknownLetter."""
        return (await self._find(id, who))[0]

    async def replay(self, id: int, who: Principal) -> LetterReplay:
        """Bring it to its consumer again; handlers that had handled it do not run again.

        Raises UnknownLetter, Unreadable, LetterBusy, NotSubscribed, and what the way to the consumer raises.
        """
        letter, raw = await self._find(id, who)
        if not letter.type:
            raise Unreadable("What came is no event, so nobody could handle it. Look at its raw text, then purge it.")
        # A consumer may take half a minute: no transaction is open meanwhile, the claim keeps others away.
        async with self._db.change(who, at_once=True) as change:
            if not await self._store.claim(change, id, letter.replays + 1, CLAIM):
                raise LetterBusy(f"Dead letter {id} is being brought to {letter.consumer} just now.")
        topic, outcome = topic_of(letter.type), None
        try:
            await self._consumers.topics(letter.consumer, {topic})
            outcome = await self._consumers.deliver(letter.consumer, topic, raw)
        finally:
            async with self._db.change(who, at_once=True) as change:
                await self._store.settle(change, id, done=outcome == "done")
        return LetterReplay(id=id, outcome=outcome)

    async def replay_chosen(self, chosen: LettersChosen, who: Principal) -> LettersReplayed:
        """At most AT_ONCE of them, the oldest first."""
        still = chosen.model_copy(update={"state": "open"})
        async with self._db.read(who) as read:
            ids = await self._store.oldest(read, still, AT_ONCE)
        letters = [await self._try(id, who) for id in ids]
        async with self._db.read(who) as read:
            return LettersReplayed(letters=letters, left=await self._store.count(read, still))

    async def replay_what_passes(self) -> None:
        """Bring again what failed on the way, and leave the rest to people."""
        async with self._db.change(service(OWN)) as change:
            due = await self._store.due(change, AT_ONCE)
        for row in due:
            whose = service(OWN, row.tenant)
            letter, _ = await self._find(row.id, whose)
            if letter.replays_itself and letter.type:
                await self._try(row.id, whose)
            else:
                async with self._db.change(whose) as change:
                    await self._store.leave(change, row.id)

    async def purge(self, chosen: LettersChosen, who: Principal) -> LettersPurged:
        async with self._db.change(who) as change:
            return LettersPurged(purged=await self._store.purge(change, chosen))

    async def purge_one(self, id: int, who: Principal) -> None:
        """Raises UnknownLetter."""
        async with self._db.change(who) as change:
            if not await self._store.purge(change, LettersChosen(), id):
                raise UnknownLetter(f"There is no dead letter {id} of yours.")

    async def _try(self, id: int, who: Principal) -> LetterReplay:
        try:
            return await self.replay(id, who)
        except (Unreadable, NotSubscribed):
            return LetterReplay(id=id, outcome="refused")
        except LetterBusy:
            return LetterReplay(id=id, outcome="again")
        except AppError as error:
            self._log.warning("a dead letter could not be brought", letter=id, problem=error.detail)
            return LetterReplay(id=id, outcome="unreachable")

    async def _find(self, id: int, who: Principal) -> tuple[DeadLetterWhole, bytes]:
        async with self._db.read(who) as read:
            found = await self._store.find(read, id)
        if found is None:
            raise UnknownLetter(f"There is no dead letter {id} of yours.")
        return found
