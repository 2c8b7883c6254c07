"""Taking entries into the trail: what waits while one transaction commits goes into the next, all together."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextvars import Context
from typing import Any
from uuid import UUID

from apps.audit_service.domain import chain
from apps.audit_service.domain.entries import Accepted, searched
from apps.audit_service.domain.errors import TrailBusy
from apps.audit_service.service.schemas import Check, Schemas
from apps.audit_service.settings import Settings
from apps.audit_service.store import TrailStore
from chassis import Database, acting, background, service
from contracts.audit_service import Receipt, Refusal

TOGETHER = 1_000  # entries of one tenant in one transaction


class Appending:
    """One writer for each tenant in this process; other replicas are kept out by the tenant's lock in the database."""

    def __init__(self, db: Database, store: TrailStore, schemas: Schemas, settings: Settings) -> None:
        self._db = db
        self._store = store
        self._schemas = schemas
        self._most = settings.waiting
        self._waiting: dict[str, list[tuple[Accepted, asyncio.Future[Receipt]]]] = defaultdict(list)
        self._writers: dict[str, asyncio.Task[None]] = {}
        self._count = 0

    async def append(self, lines: Sequence[Accepted | Refusal]) -> list[Receipt | Refusal]:
        """A receipt for each entry, once it is durable; refusals as they came.

        An entry whose id is in the tenant's chain is there already: its first receipt comes again. Raises TrailBusy
        when too much waits, and what the database raises: then hand all of it in again.
        """
        accepted = [line for line in lines if isinstance(line, Accepted)]
        if self._count + len(accepted) > self._most:
            raise TrailBusy(
                f"{self._count} entries wait to be appended. Hand them in again.", headers={"Retry-After": "1"}
            )
        loop = asyncio.get_running_loop()
        asked: list[Refusal | asyncio.Future[Receipt]] = []
        for line in lines:
            if isinstance(line, Refusal):
                asked.append(line)
                continue
            receipt: asyncio.Future[Receipt] = loop.create_future()
            self._waiting[line.entry.tenant].append((line, receipt))
            asked.append(receipt)
        self._count += len(accepted)
        for tenant in {line.entry.tenant for line in accepted} - self._writers.keys():
            self._writers[tenant] = asyncio.create_task(self._write(tenant), context=Context())
        futures = [each for each in asked if isinstance(each, asyncio.Future)]
        for outcome in await asyncio.gather(*futures, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome
        return [each.result() if isinstance(each, asyncio.Future) else each for each in asked]

    async def stop(self) -> None:
        await asyncio.gather(*self._writers.values(), return_exceptions=True)

    async def _write(self, tenant: str) -> None:
        """Until nothing waits for this tenant. In a context of its own: it serves many requests, and outlives them."""
        try:
            while together := self._waiting[tenant][:TOGETHER]:
                del self._waiting[tenant][:TOGETHER]
                try:
                    with acting(background(self._db.app_id)):
                        receipts = await self._commit(tenant, [line for line, _ in together])
                except Exception as error:
                    for _, waits in together:
                        if not waits.done():
                            waits.set_exception(error)
                else:
                    for line, waits in together:
                        if not waits.done():
                            waits.set_result(receipts[line.entry.id])
                finally:
                    self._count -= len(together)
        finally:
            del self._waiting[tenant], self._writers[tenant]

    async def _commit(self, tenant: str, lines: Sequence[Accepted]) -> dict[UUID, Receipt]:
        first_told = {line.entry.id: line for line in reversed(lines)}
        async with self._db.change(service(self._db.app_id, tenant)) as change:
            await self._store.lock(change, tenant)
            known = await self._store.known(change, tenant, list(first_told))
            new = [line for line in lines if line.entry.id not in known and first_told[line.entry.id] is line]
            if new:
                head = await self._store.head(change, tenant)
                check = await self._schemas.check(change, tenant)
                rows = [_row(line, check) for line in new]
                links = chain.chained(head.hash, [line.line for line in new])
                await self._store.append(change, tenant, head.index + 1, rows, links)
                for number, (line, (_, digest)) in enumerate(zip(new, links, strict=True), head.index + 1):
                    known[line.entry.id] = number, digest
        return {id_: Receipt(id=id_, index=index, hash=digest.hex()) for id_, (index, digest) in known.items()}


def _row(line: Accepted, check: Check) -> dict[str, Any]:
    """Metadata that its action's schema does not allow is flagged, not refused: what happened is never lost."""
    version, flaws = check(line.entry)
    return {**searched(line.entry), "entry": line.line, "schema_version": version, "flaws": flaws}
