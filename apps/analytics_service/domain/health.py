"""An edge is judged by what it was before: what is slow for one is usual for another."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from apps.analytics_service.domain import graph
from apps.analytics_service.domain.graph import Calls, Key
from contracts.analytics_service import Edge, EdgeHealth, EdgeState

FEWEST = 5  # calls; fewer say nothing
FAILING = 0.05  # share of the calls
TIMES = 2  # as much as before
NOTICED = 20.0  # milliseconds; less is not worth a word


def judged(minutes: Mapping[Key, Calls], now: int) -> list[EdgeHealth]:
    """Every edge of these minutes, the ill ones first. `now` is the minute with which the present begins."""
    edges: dict[tuple[str, str], dict[int, Calls]] = {}
    for (minute, caller, callee), calls in minutes.items():
        edges.setdefault((caller, callee), {})[minute] = calls
    found = [_health(caller, callee, by_minute, now) for (caller, callee), by_minute in sorted(edges.items())]
    order: list[EdgeState] = ["failing", "slower", "silent", "new", "well"]
    return sorted(found, key=lambda health: order.index(health.state))


def _health(caller: str, callee: str, by_minute: Mapping[int, Calls], now: int) -> EdgeHealth:
    before = graph.edge(caller, callee, _sum(calls for minute, calls in by_minute.items() if minute < now))
    present = graph.edge(caller, callee, _sum(calls for minute, calls in by_minute.items() if minute >= now))
    state = _state(present, before)
    since = None
    if state in ("failing", "slower"):
        for minute in sorted(by_minute, reverse=True):
            if _state(graph.edge(caller, callee, by_minute[minute]), before, fewest=1) != state:
                break
            since = datetime.fromtimestamp(minute * 60, UTC)
    return EdgeHealth(caller=caller, callee=callee, state=state, since=since, now=present, before=before)


def _state(now: Edge, before: Edge, fewest: int = FEWEST) -> EdgeState:
    if not now.calls:
        return "silent" if before.calls >= FEWEST else "well"
    if now.calls >= fewest:
        share = now.failed / now.calls
        if share >= FAILING and share >= TIMES * before.failed / max(1, before.calls):
            return "failing"
        doubled = now.mean_ms >= TIMES * before.mean_ms and now.p95_ms >= TIMES * before.p95_ms
        if before.calls >= FEWEST and doubled and now.mean_ms - before.mean_ms >= NOTICED:
            return "slower"
    return "well" if before.calls else "new"


def _sum(calls: Iterable[Calls]) -> Calls:
    total = Calls()
    for each in calls:
        total.add(each)
    return total
