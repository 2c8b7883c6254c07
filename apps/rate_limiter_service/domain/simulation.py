"""What a rule would have done to traffic that was seen: the same queue, played through without waiting."""

import heapq
from collections.abc import Sequence

from apps.rate_limiter_service.domain.limits import Limits
from apps.rate_limiter_service.domain.queue import FairQueue
from contracts.rate_limiter_service import Arrival, SimulatedTenant, Simulation


def simulate(arrivals: Sequence[Arrival], limits: Limits) -> Simulation:
    """Each arrival waits for its turn at its base under `limits`, or is refused when that comes past its budget."""
    waits: dict[str, list[float]] = {}
    refused: dict[str, int] = {}
    by_base: dict[str, list[Arrival]] = {}
    for arrival in arrivals:
        by_base.setdefault(arrival.base, []).append(arrival)
    for of_base in by_base.values():
        _play(sorted(of_base, key=lambda one: one.at), limits, waits, refused)
    tenants = [
        SimulatedTenant(
            tenant=tenant,
            calls=len(waited := sorted(waits.get(tenant, []))) + refused.get(tenant, 0),
            refused=refused.get(tenant, 0),
            wait_p50=_percentile(waited, 0.5),
            wait_p95=_percentile(waited, 0.95),
        )
        for tenant in sorted({*waits, *refused})
    ]
    return Simulation(
        calls=len(arrivals), refused=sum(refused.values()), calls_per_second=limits.per_second, tenants=tenants
    )


def _play(arrivals: Sequence[Arrival], limits: Limits, waits: dict[str, list[float]], refused: dict[str, int]) -> None:
    queue: FairQueue[Arrival] = FairQueue()
    free = [0.0] * limits.base_rate  # when each place of the window can be taken again
    position = 0
    while position < len(arrivals) or queue:
        now = free[0]
        if not queue:
            now = max(now, arrivals[position].at)
        while position < len(arrivals) and arrivals[position].at <= now:
            queue.add(arrivals[position].priority, arrivals[position].tenant, arrivals[position])
            position += 1
        turn = queue.next()
        if now - turn.at > turn.budget:
            refused[turn.tenant] = refused.get(turn.tenant, 0) + 1
            continue
        waits.setdefault(turn.tenant, []).append(now - turn.at)
        heapq.heapreplace(free, now + limits.period)


def _percentile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
