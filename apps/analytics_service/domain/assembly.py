"""Spans come one by one, from many processes: here they wait for each other until their trace can be judged."""

from collections import Counter, OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from apps.analytics_service.domain import traces
from apps.analytics_service.domain.spans import Span
from contracts.analytics_service import Kept

LONGEST_WAIT = 30.0  # seconds; a trace that goes on longer is judged by what there is
REMEMBERED = 50_000  # judged traces, so that what comes late shares the fate of the others
SHARE = 1_000  # spans one trace may have


@dataclass(slots=True)
class Waiting:
    since: float
    last: float
    spans: list[Span] = field(default_factory=list)


class Assembly:
    """`now` is any clock of seconds that never goes back. Holds at most `room` spans; the rest is refused."""

    def __init__(self, *, room: int, quiet: float, slow: float, samples: int) -> None:
        self._room, self._quiet, self._slow, self._samples = room, quiet, slow, samples
        self._waiting: dict[str, Waiting] = {}
        self._judged: OrderedDict[str, Kept | None] = OrderedDict()
        self._sampled: Counter[tuple[str, str]] = Counter()
        self._minute = 0
        self.held = 0

    def take(self, spans: Iterable[Span], now: float) -> int:
        """How many there was no room for."""
        refused = 0
        for span in spans:
            waiting = self._waiting.get(span.trace_id)
            if self.held >= self._room or (waiting and len(waiting.spans) >= SHARE):
                refused += 1
                continue
            if waiting is None:
                waiting = self._waiting[span.trace_id] = Waiting(now, now)
            waiting.spans.append(span)
            waiting.last = now
            self.held += 1
        return refused

    def of(self, trace_id: str) -> list[Span]:
        """What waits of a trace."""
        waiting = self._waiting.get(trace_id)
        return list(waiting.spans) if waiting else []

    def young(self) -> list[str]:
        """The traces that wait."""
        return list(self._waiting)

    def judge(self, now: float, *, all: bool = False) -> list[tuple[str, list[Span], Kept]]:
        """The traces that are whole by now and worth keeping; what is not is forgotten."""
        if int(now // 60) != self._minute:
            self._minute = int(now // 60)
            self._sampled.clear()
        ripe = [
            trace_id
            for trace_id, waiting in self._waiting.items()
            if all or now - waiting.last >= self._quiet or now - waiting.since >= LONGEST_WAIT
        ]
        kept = []
        for trace_id in ripe:
            spans = traces.unique(self._waiting.pop(trace_id).spans)
            self.held -= len(spans)
            why = self._judged.pop(trace_id, None) or traces.worth(spans, self._slow) or self._sample(spans)
            self._judged[trace_id] = why
            if len(self._judged) > REMEMBERED:
                self._judged.popitem(last=False)
            if why:
                kept.append((trace_id, spans, why))
        return kept

    def _sample(self, spans: list[Span]) -> Kept | None:
        """The first ones of each route in each minute, so that a rare route is not lost beside a busy one."""
        beginning = traces.first(spans)
        key = (beginning.service, beginning.name)
        self._sampled[key] += 1
        return "sample" if self._sampled[key] <= self._samples else None
