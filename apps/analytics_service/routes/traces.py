"""/api/v1/traces, /graph, /edges and /map: where time went, who calls whom, and how well."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Path, Query

from apps.analytics_service.domain.reading import reader
from apps.analytics_service.service import Traces
from chassis import Principal, Router
from contracts.analytics_service import (
    TRACE_ID,
    Edge,
    EdgeHealth,
    ServiceMap,
    Trace,
    TracesQuery,
    TraceSummary,
    Whose,
)
from contracts.listing import Listing

router = Router(prefix="/api/v1", tags=["Traces"])

TraceId = Annotated[str, Path(pattern=TRACE_ID)]


@router.get("/traces", summary="List traces")
async def list_traces(asked: Annotated[TracesQuery, Query()], who: Principal, traces: Traces) -> Listing[TraceSummary]:
    """Kept last first: every one that failed or was slow, and samples of the others, for 24 hours."""
    return await traces.page(asked, reader(who, asked.trail))


@router.get("/traces/{trace_id}", summary="One trace")
async def get_trace(trace_id: TraceId, who: Principal, traces: Traces, trail: Whose = "own") -> Trace:
    """Every span of it, each after the one that caused it. Raises UnknownTrace (404)."""
    return await traces.of(trace_id, reader(who, trail))


@router.get("/graph", summary="Who calls whom")
async def get_graph(
    who: Principal, traces: Traces, since: datetime | None = None, until: datetime | None = None
) -> Listing[Edge]:
    """Calls between services and to stores and hosts outside, as they were seen, by default in the last hour."""
    end = until or datetime.now(UTC)
    return await traces.graph(since or end - timedelta(hours=1), end, reader(who, "platform"))


@router.get("/edges", summary="How each edge is, compared with before")
async def list_edges(
    who: Principal,
    traces: Traces,
    minutes: Annotated[int, Query(ge=1, le=60, description="How long the present is.")] = 5,
    before: Annotated[int, Query(ge=1, le=720, description="Minutes before it to compare it with.")] = 60,
) -> Listing[EdgeHealth]:
    """Every call between services and to what stands outside, the ill ones first; takes the scope traces.platform."""
    return Listing(items=await traces.health(minutes, before, reader(who, "platform")))


@router.get("/map", summary="Who calls whom, as seen and as the code says, and what each journey needs")
async def get_map(
    who: Principal,
    traces: Traces,
    minutes: Annotated[int, Query(ge=1, le=60, description="How long the present is.")] = 5,
    before: Annotated[int, Query(ge=1, le=720, description="Minutes before it to compare it with.")] = 60,
) -> ServiceMap:
    """The edges as under /edges, each with whether the code declares it; takes the scope traces.platform."""
    return await traces.map(minutes, before, reader(who, "platform"))
