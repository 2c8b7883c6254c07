"""How the calls to and from a slow app are, compared with before: since when it is so, and whom it affects."""

from collections.abc import Iterable

from apps.api_gateway.domain.why.evidence import Evidence
from apps.api_gateway.domain.why.processes import clock
from apps.api_gateway.domain.why.verdict import Finding
from contracts.analytics_service import EdgeHealth

MOST = 2  # edges


def around(evidence: Evidence, finding: Finding) -> list[str]:
    """Lines of evidence about a finding of slowness."""
    if finding.cause not in ("slow", "capacity") or not evidence.edges:
        return []
    who = finding.service
    ill = [edge for edge in evidence.edges if edge.state in ("slower", "failing") and who in (edge.callee, edge.caller)]
    affected = _callers(evidence.edges, who)
    lines = [_line(edge) for edge in sorted(ill, key=lambda edge: edge.callee != who)[:MOST]]
    return [*lines, f"affects whoever calls it: {', '.join(affected)}"] if lines and affected else lines


def _line(edge: EdgeHealth) -> str:
    since = f" since {clock(edge.since.timestamp())}" if edge.since else ""
    p95 = f"p95 {edge.before.p95_ms:.0f} → {edge.now.p95_ms:.0f} ms"
    return f"edge {edge.caller} → {edge.callee}: {edge.state}{since}, {p95} in {edge.now.calls} calls"


def _callers(edges: Iterable[EdgeHealth], app: str) -> list[str]:
    """Everybody on whose way `app` lies, the nearest first."""
    calls = [(edge.caller, edge.callee) for edge in edges if edge.now.calls]
    found: list[str] = []
    todo = [app]
    while todo:
        callee = todo.pop(0)
        new = sorted({caller for caller, called in calls if called == callee} - {*found, app})
        found += new
        todo += new
    return found
