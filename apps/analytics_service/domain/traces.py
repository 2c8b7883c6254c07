"""A trace out of its spans: which span caused which, what each took itself, and whether it is worth keeping."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from apps.analytics_service.domain.findings import findings, to_blame
from apps.analytics_service.domain.spans import Span
from contracts.analytics_service import Kept, Trace, TraceSummary
from contracts.analytics_service import Span as Part

NOBODYS = "platform"  # the tenant of what the platform does by itself, and of callers nobody knows


def unique(spans: Iterable[Span]) -> list[Span]:
    """Each once, in the order of time: an exporter sends again what it does not know to have arrived."""
    return sorted({span.id: span for span in spans}.values(), key=lambda span: (span.began, span.ended))


def tenant_of(spans: Iterable[Span]) -> str:
    return next((span.tenant for span in spans if span.tenant), NOBODYS)


def worth(spans: Sequence[Span], slow: float) -> Kept | None:
    """Why a trace is kept whatever comes: something in it failed, or its first span took `slow` milliseconds."""
    if any(span.failed for span in spans):
        return "failed"
    return "slow" if first(spans).took >= slow else None


def first(spans: Sequence[Span]) -> Span:
    """The span that the others hang on: one without a known cause, the longest of them."""
    known = {span.id for span in spans}
    return max((span for span in spans if span.parent not in known), key=lambda span: span.took, default=spans[0])


def summary(trace_id: str, spans: Sequence[Span], kept: Kept | None) -> TraceSummary:
    beginning = first(spans)
    deepest = to_blame(spans)
    return TraceSummary(
        trace_id=trace_id,
        name=beginning.name,
        service=beginning.service,
        started=moment(min(span.began for span in spans)),
        duration_ms=round(beginning.took, 3),
        services=sorted({span.service for span in spans}),
        spans=len(spans),
        error=deepest.error if deepest else beginning.error or None,
        kept=kept,
    )


def whole(trace_id: str, spans: Sequence[Span], kept: Kept | None) -> Trace:
    """The trace with every span behind its cause, in the order of time below each."""
    known = {span.id for span in spans}
    below: dict[str, list[Span]] = defaultdict(list)
    for span in spans:
        below[span.parent if span.parent in known else ""].append(span)
    parts: list[Part] = []
    todo = [(span, 0) for span in reversed(below[""])]
    while todo:
        span, depth = todo.pop()
        parts.append(_part(span, depth, below[span.id]))
        todo += [(each, depth + 1) for each in reversed(below[span.id])]
    entrance = first(spans)
    missing = {span.parent for span in spans if span.parent and span.parent not in known and span is not entrance}
    return Trace(
        **summary(trace_id, spans, kept).model_dump(),
        parts=parts,
        missing=len(missing - {entrance.parent}),
        findings=findings(parts),
    )


def own_time(span: Span, parts: Sequence[Span]) -> float:
    """Milliseconds in which none of its parts ran; parts may run side by side, and outlast it."""
    covered, until = 0, span.began
    for part in sorted(parts, key=lambda part: part.began):
        begin, end = max(part.began, until), min(part.ended, span.ended)
        if end > begin:
            covered += end - begin
            until = end
    return max(0, span.ended - span.began - covered) / 1e6


def moment(nanoseconds: int) -> datetime:
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC)


def _part(span: Span, depth: int, parts: Sequence[Span]) -> Part:
    return Part(
        id=span.id,
        parent=span.parent or None,
        depth=depth,
        service=span.service,
        name=span.name,
        kind=span.kind,  # type: ignore[arg-type]
        started=moment(span.began),
        duration_ms=round(span.took, 3),
        own_ms=round(own_time(span, parts), 3),
        error=span.error or None,
        failed=span.failed,
        attributes=span.attributes,
    )
