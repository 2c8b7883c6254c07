"""RECORD_ID CREATED_TIME LAST_MODIFIED_TIME, and the present: NOW TODAY."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sandbox.airtable.fields.base import Kind
from sandbox.airtable.formula.functions.family import Family, Takes
from sandbox.airtable.formula.values import Moment, cell_moment
from sandbox.airtable.schema import Record, Table

RECORD = Family()


@RECORD.add("RECORD_ID", 0, 0, Kind.TEXT, Takes.RECORD)
def _record_id(record: Record, table: Table) -> Any:
    return record.id


@RECORD.add("CREATED_TIME", 0, 0, Kind.DATE, Takes.RECORD)
def _created_time(record: Record, table: Table) -> Any:
    return cell_moment(record.created_time)


@RECORD.add("LAST_MODIFIED_TIME", 0, None, Kind.DATE, Takes.FIELDS)
def _last_modified_time(record: Record, *field_ids: str) -> Any:
    """Of the whole record, or of the cells named; blank for those never filled or computed (unverified)."""
    time = record.last_change(field_ids) if field_ids else record.modified_time
    return None if time is None else cell_moment(time)


@RECORD.add("NOW", 0, 0, Kind.DATE, Takes.RECORD, volatile=True)
def _now(record: Record, table: Table) -> Any:
    return now(table)


@RECORD.add("TODAY", 0, 0, Kind.DATE, Takes.RECORD, volatile=True)
def _today(record: Record, table: Table) -> Any:
    """Midnight in Greenwich."""
    return Moment(now(table).at.replace(hour=0, minute=0, second=0, microsecond=0), day_only=True)


def now(table: Table) -> Moment:
    """By the simulator's clock, to the millisecond."""
    milliseconds = int(table.base.clock.seconds() * 1000)
    at = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return Moment(at.replace(microsecond=milliseconds % 1000 * 1000))
