"""Traces in PostgreSQL: a row to find one by, and its spans in compressed pieces, in the order they came."""

import zlib
from collections.abc import Sequence
from dataclasses import astuple
from datetime import datetime

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Double,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    delete,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert

from apps.analytics_service.domain.spans import Span
from chassis import Change, Read
from contracts.analytics_service import TracesQuery, TraceSummary

metadata = MetaData()
traces = Table(
    "traces",
    metadata,
    Column("number", BigInteger, autoincrement=True),
    Column("trace_id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("started", DateTime(timezone=True), nullable=False),
    Column("duration_ms", Double, nullable=False),
    Column("services", ARRAY(Text), nullable=False),
    Column("spans", Integer, nullable=False),
    Column("error", Text),
    Column("kept", Text, nullable=False),
)
pieces = Table(
    "pieces",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("trace_id", Text, nullable=False),
    Column("spans", LargeBinary, nullable=False),
    Column("came_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)
LISTED = [traces.c[name] for name in TraceSummary.model_fields]
# Pieces are of about one size, so that counting their bytes from the newest on finds where the room ends.
_OLDEST_WITHIN = text("""
    SELECT coalesce(min(id), 9223372036854775807) FROM (
        SELECT id, sum(octet_length(spans)) OVER (ORDER BY id DESC) AS so_far FROM pieces
    ) AS counted WHERE so_far <= :bytes
""")


class TraceStore:
    async def add(self, change: Change, trace_id: str, spans: Sequence[Span]) -> None:
        """A piece of a trace."""
        packed = zlib.compress(orjson.dumps([astuple(span)[1:] for span in spans]), 1)
        await change.execute(insert(pieces).values(trace_id=trace_id, spans=packed))

    async def describe(self, change: Change, tenant: str, summary: TraceSummary) -> None:
        """How the trace is found; as it is now, if it was known."""
        row = insert(traces).values(tenant=tenant, **summary.model_dump())
        known = {name: row.excluded[name] for name in TraceSummary.model_fields if name != "trace_id"}
        await change.execute(row.on_conflict_do_update(index_elements=["trace_id"], set_=known))

    async def of(self, read: Read, trace_id: str) -> tuple[TraceSummary, list[Span]] | None:
        """What is kept of a trace, every piece of it."""
        mine = select(*LISTED).where(traces.c.trace_id == trace_id, traces.c.tenant == read.tenant)
        row = (await read.execute(mine)).mappings().one_or_none()
        if row is None:
            return None
        return TraceSummary.model_validate(dict(row)), await self.spans(read, trace_id)

    async def spans(self, read: Read, trace_id: str) -> list[Span]:
        rows = await read.execute(select(pieces.c.spans).where(pieces.c.trace_id == trace_id).order_by(pieces.c.id))
        return [Span(trace_id, *values) for row in rows for values in orjson.loads(zlib.decompress(row.spans))]

    async def page(self, read: Read, query: TracesQuery) -> tuple[list[TraceSummary], int | None]:
        """The reader's own, kept last first, and where the next page begins."""
        found = select(*LISTED, traces.c.number).where(traces.c.tenant == read.tenant)
        if query.service:
            found = found.where(traces.c.services.contains([query.service]))
        if query.name:
            found = found.where(traces.c.name == query.name)
        if query.kept:
            found = found.where(traces.c.kept == query.kept)
        if query.at_least_ms is not None:
            found = found.where(traces.c.duration_ms >= query.at_least_ms)
        if query.since:
            found = found.where(traces.c.started >= query.since)
        if query.until:
            found = found.where(traces.c.started < query.until)
        if query.cursor is not None:
            found = found.where(traces.c.number < query.cursor)
        newest = found.order_by(traces.c.number.desc()).limit(query.page_size + 1)
        rows = (await read.execute(newest)).mappings().all()
        page = rows[: query.page_size]
        more = int(page[-1]["number"]) if len(rows) > len(page) else None
        return [TraceSummary.model_validate(dict(row)) for row in page], more

    async def forget(self, change: Change, before: datetime, most_bytes: int) -> int:
        """Delete what came before then, and the oldest of what is more than there is room for; how many traces."""
        oldest = (await change.execute(_OLDEST_WITHIN, {"bytes": most_bytes})).scalar_one()
        await change.execute(delete(pieces).where((pieces.c.came_at < before) | (pieces.c.id < oldest)))
        empty = ~select(pieces.c.id).where(pieces.c.trace_id == traces.c.trace_id).exists()
        return int((await change.execute(delete(traces).where(empty))).rowcount)
