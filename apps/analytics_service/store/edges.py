"""Calls between services, a row per edge and minute."""

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import ARRAY, BigInteger, Column, DateTime, Double, MetaData, Table, Text, delete, select, text

from apps.analytics_service.domain.graph import Calls, Key
from chassis import Change, Read

edges = Table(
    "edges",
    MetaData(),
    Column("minute", DateTime(timezone=True), primary_key=True),
    Column("caller", Text, primary_key=True),
    Column("callee", Text, primary_key=True),
    Column("calls", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("milliseconds", Double, nullable=False),
    Column("buckets", ARRAY(BigInteger), nullable=False),
)
_ADD = text("""
    INSERT INTO edges VALUES (:minute, :caller, :callee, :calls, :failed, :milliseconds, CAST(:buckets AS bigint[]))
    ON CONFLICT (minute, caller, callee) DO UPDATE SET
        calls = edges.calls + excluded.calls,
        failed = edges.failed + excluded.failed,
        milliseconds = edges.milliseconds + excluded.milliseconds,
        buckets = ARRAY(
            SELECT a + b FROM unnest(edges.buckets, excluded.buckets) WITH ORDINALITY AS added (a, b, place)
            ORDER BY place
        )
""")
_SUM = text("""
    SELECT caller, callee,
        sum(calls)::bigint AS calls, sum(failed)::bigint AS failed, sum(milliseconds) AS milliseconds,
        ARRAY(
            SELECT sum(one.number)::bigint
            FROM edges AS each, unnest(each.buckets) WITH ORDINALITY AS one (number, place)
            WHERE each.caller = edges.caller AND each.callee = edges.callee
                AND each.minute >= :since AND each.minute < :until
            GROUP BY one.place ORDER BY one.place
        ) AS buckets
    FROM edges WHERE minute >= :since AND minute < :until
    GROUP BY caller, callee ORDER BY caller, callee
""")


class EdgeStore:
    async def add(self, change: Change, counted: Mapping[Key, Calls]) -> None:
        for (minute, caller, callee), calls in counted.items():
            row = {
                "minute": datetime.fromtimestamp(minute * 60, UTC),
                "caller": caller,
                "callee": callee,
                "calls": calls.calls,
                "failed": calls.failed,
                "milliseconds": calls.milliseconds,
                "buckets": calls.buckets,
            }
            await change.execute(_ADD, row)

    async def between(self, read: Read, since: datetime, until: datetime) -> list[tuple[str, str, Calls]]:
        rows = await read.execute(_SUM, {"since": since, "until": until})
        return [
            (row.caller, row.callee, Calls(row.calls, row.failed, row.milliseconds, list(row.buckets))) for row in rows
        ]

    async def minutes(self, read: Read, since: datetime) -> dict[Key, Calls]:
        """Every minute since then, one by one."""
        rows = await read.execute(select(edges).where(edges.c.minute >= since))
        return {
            (int(row.minute.timestamp()) // 60, row.caller, row.callee): Calls(
                row.calls, row.failed, row.milliseconds, list(row.buckets)
            )
            for row in rows
        }

    async def forget(self, change: Change, before: datetime) -> None:
        await change.execute(delete(edges).where(edges.c.minute < before))
