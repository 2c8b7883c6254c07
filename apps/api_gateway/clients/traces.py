"""What analytics-service kept of a trace, and what it knows to have changed."""

import asyncio
import time
from datetime import UTC, datetime

from apps.api_gateway.settings import Settings
from chassis import AppError, Mesh, Peer
from contracts.analytics_service import EdgeHealth, PlatformChange, Trace
from contracts.listing import Listing

PATIENCE = 1.5  # seconds for one answer
ARRIVAL = 2.5  # seconds after a request in which its spans come: every app sends them each second
PAUSE = 0.3  # seconds between two looks


class Traces(Peer, app_id="analytics-service"):
    def __init__(self, mesh: Mesh, settings: Settings) -> None:
        super().__init__(mesh)
        self._told = bool(settings.otlp_endpoint)

    async def of(self, trace_id: str, ended: float, dumb: frozenset[str] = frozenset()) -> tuple[Trace | None, str]:
        """The trace of the asking tenant, and why it is not there; of a request that `ended` (Unix time) just now
        as soon as everybody has told his part, the `dumb` apart: they were down or not reached. Never raises.
        """
        if not self._told:
            return None, "spans: nobody is told them (OTLP_ENDPOINT is not set)"
        while True:
            trace, missing = await self._now(trace_id)
            hopeless = trace is None and self.app_id in dumb
            if (trace and _whole(trace, dumb)) or hopeless or time.time() >= ended + ARRIVAL:
                return trace, missing
            await asyncio.sleep(PAUSE)

    async def changes(self, since: float, until: float) -> tuple[PlatformChange, ...]:
        """What changed between two moments (Unix time), latest first; nothing where that is not known. Never raises."""
        if not self._told:
            return ()
        between = {"since": _iso(since), "until": _iso(until), "page_size": 200}
        try:
            page = await self.get("/api/v1/changes", Listing[PlatformChange], params=between, timeout=PATIENCE)
        except AppError:
            return ()  # the spans came from there too, and their absence is told
        return tuple(page.items)

    async def edges(self) -> tuple[EdgeHealth, ...]:
        """Who calls whom, and how well compared with before; nothing for whom that is not to know. Never raises."""
        if not self._told:
            return ()
        try:
            page = await self.get("/api/v1/edges", Listing[EdgeHealth], timeout=PATIENCE)
        except AppError:
            return ()
        return tuple(page.items)

    async def _now(self, trace_id: str) -> tuple[Trace | None, str]:
        try:
            return await self.get(f"/api/v1/traces/{trace_id}", Trace, timeout=PATIENCE), ""
        except AppError as error:
            if error.status == 404:
                return None, "spans: none of this trace were kept"
            return None, f"spans: analytics-service cannot be asked ({error.code})"


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


def _whole(trace: Trace, dumb: frozenset[str]) -> bool:
    told = trace.parts[0].service == Settings.APP and (trace.missing == 0 or bool(dumb))
    return told and dumb.issuperset(trace.findings.silent)
