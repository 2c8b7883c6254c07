"""`why`: gathers what is known about one request, then lets the domain judge."""

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import replace

from apps.api_gateway.clients import LauncherRecord, RoutedApps, Traces, worked
from apps.api_gateway.domain.pages.why import explained
from apps.api_gateway.domain.why.changes import SHORTLY
from apps.api_gateway.domain.why.evidence import Evidence, Exchange, Probe, Process
from apps.api_gateway.domain.why.judge import SLOW, failure_of, judge
from apps.api_gateway.domain.why.path import GATEWAY
from apps.api_gateway.domain.why.processes import dumb
from apps.api_gateway.domain.why.spans import LATE, told_by
from apps.api_gateway.domain.why.verdict import Verdict
from apps.api_gateway.settings import Settings
from apps.api_gateway.store import Memory
from contracts.analytics_service import TRACE_ID

PROBE_PATIENCE = 2.0  # seconds; whoever has too much to do still answers, what is frozen does not
TRACE = re.compile(TRACE_ID)


class Inquiry:
    def __init__(
        self, settings: Settings, memory: Memory, launcher: LauncherRecord, apps: RoutedApps, traces: Traces
    ) -> None:
        self._routed = settings.table.apps
        self._memory = memory
        self._launcher = launcher
        self._apps = apps
        self._traces = traces

    async def explain(self, asked: str, tenant: str, key: bytes | None) -> Verdict:
        """Why the request `asked` (a trace id, a request id, or `last`) of this tenant ended as it did.

        `key` is the digest of the asker's: his last request may have been refused before anybody looked whose it was.
        """
        return judge(await self._evidence(asked, tenant, key))

    async def page(self, asked: str, tenant: str, key: bytes | None) -> str:
        """The same as HTML, with a picture of the spans."""
        evidence = await self._evidence(asked, tenant, key)
        return explained(judge(evidence), evidence.trace)

    async def _evidence(self, asked: str, tenant: str, key: bytes | None) -> Evidence:
        exchange = self._memory.last(tenant, key) if asked == "last" else self._memory.find(tenant, asked)
        processes = self._launcher.processes()
        if exchange is not None:
            telling = self._traces.of(exchange.trace_id, exchange.ended, dumb(processes or (), exchange))
            probe, (trace, untold) = await asyncio.gather(self._probe(exchange, processes or ()), telling)
        else:
            trace, untold = await self._traces.of(asked, 0.0) if TRACE.fullmatch(asked) else (None, "")
            if trace is None:
                return Evidence(asked, time.time(), untold=untold)
            exchange = told_by(trace)
            probe = await self._probe(exchange, processes or ())
        return Evidence(
            asked=asked,
            now=time.time(),
            exchange=exchange,
            processes=processes,
            breakers=self._apps.breakers(),
            probe=probe,
            trace=trace,
            untold=untold,
            edges=await self._traces.edges() if exchange.total >= SLOW else (),
            changes=await self._traces.changes(exchange.at - SHORTLY, exchange.ended),
        )

    async def _probe(self, exchange: Exchange, processes: Sequence[Process]) -> Probe | None:
        """Asks the app that the client was told is at fault, if the platform is at fault and the app is routed; where
        the gateway's own time was over, the one it asked."""
        failure = failure_of(exchange)
        if failure is None or failure.fault != "platform":
            return None
        asked = exchange.app if failure.service == GATEWAY and failure.code in LATE else failure.service
        if asked not in self._routed or asked == GATEWAY:
            return None
        before = worked(processes, asked)
        probe = await self._apps.readiness(asked, PROBE_PATIENCE)
        after = worked(processes, asked)
        if before is None or after is None or not probe.took:
            return probe
        return replace(probe, cpu=1000 * (after - before) / probe.took)
