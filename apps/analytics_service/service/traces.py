"""Traces: take spans, keep the traces that are worth it, show them, and who calls whom."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from apps.analytics_service.domain import clocks, declared, graph, health, traces
from apps.analytics_service.domain.assembly import Assembly
from apps.analytics_service.domain.errors import UnknownTrace
from apps.analytics_service.domain.spans import Span
from apps.analytics_service.service.changes import Changes
from apps.analytics_service.settings import Settings
from apps.analytics_service.store import EdgeStore, TraceStore
from chassis import AppError, Database, Log, Principal, service
from contracts.analytics_service import Edge, EdgeHealth, Kept, ServiceMap, Trace, TracesQuery, TraceSummary
from contracts.listing import Listing

EVERY = 0.5  # seconds between looks at what has become whole
AT_ONCE = 200  # traces of one transaction
UNWRITTEN = 2_000  # traces that wait for the database; then the oldest are dropped


class Traces:
    def __init__(
        self, settings: Settings, db: Database, store: TraceStore, edges: EdgeStore, changes: Changes, log: Log
    ) -> None:
        self._settings, self._db, self._store, self._edges, self._log = settings, db, store, edges, log
        self._changes, self._declared = changes, declared.load()
        self._who = service(settings.app_id)
        self._assembly = Assembly(
            room=settings.waiting, quiet=settings.quiet, slow=settings.slow, samples=settings.samples
        )
        self._unwritten: list[tuple[str, list[Span], Kept]] = []
        self._counted: dict[graph.Key, graph.Calls] = {}
        self._task: asyncio.Task[None] | None = None
        self._problem = ""

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """What is in memory is judged and written, if the database is there."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            await self._write(everything=True)

    def take(self, spans: Sequence[Span]) -> int:
        """How many there was no room for."""
        clocks.mark(spans, time.time_ns())
        graph.count(self._counted, spans)
        self._changes.take(spans)
        return self._assembly.take(spans, time.monotonic())

    async def of(self, trace_id: str, who: Principal) -> Trace:
        """A trace as it is now, also while it goes on. Raises UnknownTrace."""
        async with self._db.read(who) as read:
            known = await self._store.of(read, trace_id)
        memory = self._assembly.of(trace_id)
        memory += [span for id, spans, _ in self._unwritten if id == trace_id for span in spans]
        if known is None and (not memory or traces.tenant_of(memory) != who.tenant):
            raise UnknownTrace(f"The trace {trace_id} is not known: it was never here, was no sample, or is forgotten.")
        summary, stored = known or (None, [])
        return traces.whole(trace_id, traces.unique([*stored, *memory]), summary.kept if summary else None)

    async def page(self, query: TracesQuery, who: Principal) -> Listing[TraceSummary]:
        """Kept last first."""
        async with self._db.read(who) as read:
            found, more = await self._store.page(read, query)
        return Listing(items=found, next=None if more is None else str(more))

    async def graph(self, since: datetime, until: datetime, who: Principal) -> Listing[Edge]:
        """Who called whom between two moments, to the minute."""
        async with self._db.read(who) as read:
            found = await self._edges.between(read, since, until)
        return Listing(items=[graph.edge(caller, callee, calls) for caller, callee, calls in found])

    async def health(self, minutes: int, before: int, who: Principal) -> list[EdgeHealth]:
        """Every edge in the last `minutes`, compared with the `before` ones before them; the running minute counts."""
        this_minute = time.time_ns() // graph.MINUTE
        now = this_minute - minutes
        async with self._db.read(who) as read:
            found = await self._edges.minutes(read, datetime.fromtimestamp((now - before) * 60, UTC))
        for key, calls in self._counted.items():
            found.setdefault(key, graph.Calls()).add(calls)
        return health.judged(found, now)

    async def map(self, minutes: int, before: int, who: Principal) -> ServiceMap:
        """The edges beside what the code declares."""
        return self._declared.beside(await self.health(minutes, before, who))

    async def forget(self) -> None:
        """Delete what is too old, and what there is no room for."""
        before = datetime.now(UTC) - timedelta(hours=self._settings.kept_hours)
        async with self._db.change(self._who) as change:
            gone = await self._store.forget(change, before, self._settings.kept_megabytes * 2**20)
            await self._edges.forget(change, before)
        await self._changes.forget(before)
        if gone:
            self._log.info("traces forgotten", traces=gone)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self._write()
                self._problem = ""
            except Exception as error:  # what cannot be written now waits, as far as there is room
                problem = error.detail if isinstance(error, AppError) else repr(error)
                if not self._problem:
                    self._log.warning("traces wait for the database", problem=problem)
                self._problem = problem

    async def _write(self, *, everything: bool = False) -> None:
        await self._changes.write()
        self._unwritten += self._assembly.judge(time.monotonic(), all=everything)
        del self._unwritten[:-UNWRITTEN]
        this_minute = time.time_ns() // graph.MINUTE
        counted = {key: calls for key, calls in self._counted.items() if everything or key[0] < this_minute}
        while self._unwritten or counted:
            batch = self._unwritten[:AT_ONCE]
            async with self._db.change(self._who) as change:
                for trace_id, spans, why in batch:
                    await self._store.add(change, trace_id, spans)
                    all_of_it = traces.unique(await self._store.spans(change, trace_id))
                    await self._store.describe(
                        change, traces.tenant_of(all_of_it), traces.summary(trace_id, all_of_it, why)
                    )
                await self._edges.add(change, counted)
            del self._unwritten[: len(batch)]
            for key in counted:
                del self._counted[key]
            counted = {}
