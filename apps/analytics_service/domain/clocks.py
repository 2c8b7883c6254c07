"""Clocks that are wrong, by the spans they told: ahead of the time at which these came, or before what caused them."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from apps.analytics_service.domain import spans
from contracts.analytics_service import Off, Span

AHEAD = "platform.ahead"  # seconds; of a span that ended after it came
APART = 2.0  # seconds; clocks of one mesh differ by less


def mark(some: Iterable[spans.Span], now: int) -> None:
    """Note how far a span is ahead of `now` (Unix time in nanoseconds), at which it came."""
    for span in some:
        if span.ended - now > APART * 1e9:
            span.attributes[AHEAD] = round((span.ended - now) / 1e9, 1)


def clocks(parts: Sequence[Span]) -> list[Off]:
    """Of two that disagree, the one that is ahead said so when its spans came; else the other one is behind."""
    off = {part.service: float(part.attributes[AHEAD]) for part in parts if AHEAD in part.attributes}
    ahead = set(off)
    by_id = {part.id: part for part in parts}
    for part in parts:
        caller = by_id.get(part.parent or "")
        if caller is None or caller.service == part.service or {caller.service, part.service} & ahead:
            continue
        early = (caller.started - part.started).total_seconds()
        ended = caller.started + timedelta(milliseconds=caller.duration_ms)
        late = (part.started - ended).total_seconds()
        if early > APART:
            off.setdefault(part.service, round(-early, 1))
        elif late > APART and part.kind == "server":
            off.setdefault(caller.service, round(-late, 1))
    return [Off(service=service, seconds=seconds) for service, seconds in sorted(off.items())]
