"""Slowness is told with the edge, since when it is so, and whom it affects."""

from datetime import UTC, datetime

from apps.api_gateway.domain.why.evidence import Evidence
from apps.api_gateway.domain.why.judge import judge
from contracts.analytics_service import Edge, EdgeHealth

from .test_judge import AT, CONNECTOR, an_exchange
from .test_spans import SLOW, spent, traced

SINCE = datetime(2026, 11, 26, 7, 31, tzinfo=UTC)


def edge(caller: str, callee: str, p95: float = 20, state: str = "well") -> EdgeHealth:
    def of(p95: float) -> Edge:
        return Edge(caller=caller, callee=callee, calls=9, failed=0, mean_ms=p95, p50_ms=p95, p95_ms=p95)

    since = SINCE if state == "slower" else None
    return EdgeHealth(caller=caller, callee=callee, state=state, since=since, now=of(p95), before=of(20))


def told(*edges: EdgeHealth, exchange=SLOW):
    stretch = spent("own")
    trace = traced(stretch, slowest=stretch)
    return judge(Evidence("last", AT, exchange, trace=trace, edges=edges))


def test_the_slow_edge_its_beginning_and_whom_it_affects_are_told_and_one_more_is_proposed():
    verdict = told(
        edge("api-gateway", CONNECTOR, 500, "slower"),
        edge("schema-service", CONNECTOR),
        edge("api-gateway", "schema-service"),
        edge("api-gateway", "audit-service", 900, "slower"),
    )
    assert verdict.evidence[:2] == (
        f"edge api-gateway → {CONNECTOR}: slower since 07:31:00Z, p95 20 → 500 ms in 9 calls",
        "affects whoever calls it: api-gateway, schema-service",
    )
    assert verdict.remedy.command == f"make scale APP={CONNECTOR} N=2"


def test_edges_that_are_well_are_not_worth_a_word():
    assert not [line for line in told(edge("api-gateway", CONNECTOR)).evidence if "edge" in line or "affects" in line]


def test_an_ill_edge_alone_accuses_nobody():
    assert told(edge("api-gateway", CONNECTOR, 500, "slower"), exchange=an_exchange()).evidence[:1] != ("edge",)
    assert not told(edge("api-gateway", CONNECTOR, 500, "slower"), exchange=an_exchange()).failed
