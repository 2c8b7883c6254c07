"""Comparing what the gateway counted with what the trail has."""

import time
from datetime import UTC, datetime, timedelta

from apps.audit_service.domain.reading import PLATFORM, reader
from apps.audit_service.store import ReconciliationStore, RetentionStore, TrailStore
from chassis import Database, Principal
from contracts.audit_service import Reconciliation, WhoseTrail

SECONDS = 8.0  # a call takes; the next goes on from there
SETTLED = timedelta(minutes=5)  # until then an entry or the count may be on its way
HOUR, LONGEST = timedelta(hours=1), timedelta(days=31)


class Reconciling:
    def __init__(self, db: Database, store: ReconciliationStore, trail: TrailStore, retention: RetentionStore) -> None:
        self._db = db
        self._store = store
        self._trail = trail
        self._retention = retention

    async def reconcile(
        self, since: datetime | None, until: datetime | None, trail: WhoseTrail, who: Principal
    ) -> Reconciliation:
        """Hour by hour, of `who`'s tenant, of every tenant for who may read the platform's trail. Raises NotYours."""
        reader(who, trail)
        now = datetime.now(UTC)
        until = min(_aware(until), now) if until else now - SETTLED
        since = max(_aware(since) if since else until - timedelta(days=1), until - LONGEST)
        stop = time.monotonic() + SECONDS
        found = []
        async with self._db.read(who) as read:
            tenants = {who.tenant}
            if trail == "platform":
                tenants |= {*await self._trail.tenants(read), *await self._store.tenants(read)}
            begun = await self._store.counted_since(read)
            kept = [await self._retention.days(read, each) for each in tenants | {PLATFORM}]
            if days := [each for each in kept if each]:
                since = max(since, now - timedelta(days=min(days)))
            hour = since.replace(minute=0, second=0, microsecond=0)
            while begun is not None and hour < until:
                for tenant in sorted(tenants):
                    each = await self._store.hour(read, tenant, hour, begun, until)
                    if each.counted or each.unanswered or each.exempt or each.gaps:
                        found.append(each)
                hour += HOUR
                if time.monotonic() >= stop:  # asked after an hour's work: each call gets on by one at least
                    break
        whole = begun is None or hour >= until
        ok = not any(each.gaps for each in found)
        return Reconciliation(ok=ok, since=since, until=until, hours=found, next=None if whole else hour)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
