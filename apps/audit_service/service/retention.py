"""Letting the bytes of old entries go, so that chain, tree and proofs stay whole."""

from datetime import UTC, datetime

from apps.audit_service.domain import notes
from apps.audit_service.service.checkpoints import Checkpoints
from apps.audit_service.store import CheckpointStore, RetentionStore, TrailStore
from chassis import Database, Log, Principal, service
from contracts.audit_service import Retention

AT_ONCE = 5_000  # entries in one transaction


class Retaining:
    def __init__(
        self,
        db: Database,
        store: RetentionStore,
        trail: TrailStore,
        kept: CheckpointStore,
        checkpoints: Checkpoints,
        log: Log,
    ) -> None:
        self._db = db
        self._store = store
        self._trail = trail
        self._kept = kept
        self._checkpoints = checkpoints
        self._log = log

    async def get(self, who: Principal) -> Retention:
        async with self._db.read(who) as read:
            return Retention(days=await self._store.days(read, who.tenant))

    async def set(self, wanted: Retention, who: Principal) -> Retention:
        async with self._db.change(who) as change:
            await self._store.set(change, wanted.days)
        return wanted

    async def erase_all(self) -> None:
        """Of every tenant, what is past its retention and in a checkpoint."""
        async with self._db.read(service(self._db.app_id)) as read:
            tenants = await self._trail.tenants(read)
        for tenant in tenants:
            while await self._erase_some(tenant):
                pass

    async def _erase_some(self, tenant: str) -> bool:
        signer = await self._checkpoints.signer()
        who = service(self._db.app_id, tenant)
        async with self._db.change(who) as change:
            days = await self._store.days(change, tenant)
            signed = await self._kept.last(change, tenant)
            if days is None or signed is None:
                return False
            await self._trail.lock(change, tenant)
            past = await self._store.past(change, tenant, days, signed.size, AT_ONCE)
            if past is None:
                return False
            now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            note = signer.sign(notes.Tombstone(tenant, past.first, past.last, days, now))
            erased = await self._store.erase(change, tenant, past, note)
        self._log.info("erased", of=tenant, first=past.first, last=past.last, entries=erased)
        return erased == AT_ONCE
