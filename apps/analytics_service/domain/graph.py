"""Who calls whom: calls counted by minute, with how many failed and how long they took."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from apps.analytics_service.domain.spans import Span
from contracts.analytics_service import Edge

BOUNDS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 120_000)  # milliseconds
MINUTE = 60 * 10**9  # nanoseconds
CALLEES = ("peer.service", "db.system.name", "server.address")


@dataclass(slots=True)
class Calls:
    """Calls over one edge. `buckets` has one number more than BOUNDS: what took longer."""

    calls: int = 0
    failed: int = 0
    milliseconds: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))

    def count(self, took: float, *, failed: bool) -> None:
        self.calls += 1
        self.failed += failed
        self.milliseconds += took
        self.buckets[bisect_left(BOUNDS, took)] += 1

    def add(self, other: "Calls") -> None:
        self.calls += other.calls
        self.failed += other.failed
        self.milliseconds += other.milliseconds
        self.buckets = [mine + its for mine, its in zip(self.buckets, other.buckets, strict=True)]


Key = tuple[int, str, str]  # minute (Unix time / 60), caller, callee


def callee_of(span: Span) -> str | None:
    """What a client's span calls: an app, a store, a host. None: it is no call."""
    if span.kind != "client":
        return None
    about = span.attributes
    return next((str(about[name]) for name in CALLEES if name in about), None)


def count(into: dict[Key, Calls], spans: Iterable[Span]) -> None:
    for span in spans:
        if callee := callee_of(span):
            key = (span.began // MINUTE, span.service, callee)
            into.setdefault(key, Calls()).count(span.took, failed=span.failed)


def edge(caller: str, callee: str, calls: Calls) -> Edge:
    return Edge(
        caller=caller,
        callee=callee,
        calls=calls.calls,
        failed=calls.failed,
        mean_ms=round(calls.milliseconds / max(1, calls.calls), 3),
        p50_ms=_quantile(calls.buckets, 0.5),
        p95_ms=_quantile(calls.buckets, 0.95),
    )


def _quantile(buckets: Sequence[int], share: float) -> float:
    wanted, seen = share * sum(buckets), 0
    for bound, number in zip((*BOUNDS, BOUNDS[-1]), buckets, strict=True):
        seen += number
        if seen >= wanted and number:
            return float(bound)
    return 0.0
