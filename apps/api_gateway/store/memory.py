"""What the gateway remembers, in memory only: the latest requests of each tenant, for `why`."""

from collections import deque
from itertools import chain

from apps.api_gateway.domain.why.evidence import Exchange
from apps.api_gateway.domain.why.judge import SLOW
from apps.api_gateway.settings import Settings

MAX_TENANTS = 1_000  # past that, the tenant whose memory is oldest is forgotten


class Memory:
    """The latest failed or slow requests and, apart from them, the latest good ones, so that these push out nothing."""

    def __init__(self, settings: Settings) -> None:
        self._failures = settings.remembered_failures
        self._successes = settings.remembered_successes
        self._tenants: dict[str | None, tuple[deque[Exchange], deque[Exchange]]] = {}

    def keep(self, exchange: Exchange) -> None:
        kept = self._tenants.get(exchange.tenant)
        if kept is None:
            if len(self._tenants) >= MAX_TENANTS:
                del self._tenants[next(iter(self._tenants))]
            kept = self._tenants[exchange.tenant] = (deque(maxlen=self._failures), deque(maxlen=self._successes))
        kept[exchange.status < 400 and exchange.total < SLOW].append(exchange)

    def last(self, tenant: str, key: bytes | None = None) -> Exchange | None:
        """The tenant's latest failed or slow request, or a later one with `key` that was refused unseen."""
        failures, _ = self._tenants.get(tenant, ((), ()))
        refused, _ = self._tenants.get(None, ((), ()))
        latest = failures[-1] if failures else None
        unseen = next((each for each in reversed(refused) if key and each.key == key), None)
        return max(latest, unseen, key=lambda each: each.at) if latest and unseen else latest or unseen

    def find(self, tenant: str, asked: str) -> Exchange | None:
        """By trace id or request id, the latest first: one of the tenant's, or one that was refused without a key.

        A trace with a failure in it is asked about because of the failure, so failures are looked at first.
        """
        for owner in (tenant, None):
            failures, successes = self._tenants.get(owner, ((), ()))
            for exchange in chain(reversed(failures), reversed(successes)):
                if asked in (exchange.trace_id, exchange.request_id):
                    return exchange
        return None
