"""The answer to a write made again from its journal, for who repeats a key whose first answer was lost.

Cells are told as the journal has them: as Airtable answered them, or as they were when the write was read back.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import orjson

from apps.airtable_connector.domain import batches, shapes
from apps.airtable_connector.domain.journal import OperationRow, RecordRow
from contracts.airtable_connector import (
    CallError,
    CallOutcome,
    DeletedRecord,
    RecordsDeleted,
    RecordsUpserted,
    RecordsWritten,
)

UNDONE = "The operation has what became of each record; what was not written may be sent with a new key."


def of(operation: OperationRow, rows: Sequence[RecordRow], *, as_airtable: bool) -> tuple[int, bytes] | None:
    """(status, body) as the route gives it, `as_airtable` under /v0. None: the journal does not have enough of it."""
    done = [row for row in rows if row.state == "done"]
    if operation.reverts or not done or any(row.kind != "delete" and row.created is None for row in done):
        return None
    if not as_airtable and not operation.single:
        return _report(operation, rows, [_raw(row) for row in done])
    if len(done) < len(rows):
        return None
    raw = [_raw(row) for row in done]
    if as_airtable:
        return 200, orjson.dumps(raw[0] if operation.single else _as_airtable(operation, rows, raw))
    told = DeletedRecord(id=raw[0]["id"]) if rows[0].kind == "delete" else shapes.record_of(raw[0])
    return 200, told.model_dump_json().encode()


def _raw(row: RecordRow) -> dict[str, Any]:
    if row.kind == "delete":
        return {"deleted": True, "id": row.record}
    return {"id": row.record, "createdTime": row.created, "fields": row.after or {}}


def _as_airtable(operation: OperationRow, rows: Sequence[RecordRow], raw: list[dict[str, Any]]) -> dict[str, Any]:
    if not operation.merge_on:
        return {"records": raw}
    return {"records": raw, "createdRecords": _ids(rows, "create"), "updatedRecords": _updated(rows)}


def _report(operation: OperationRow, rows: Sequence[RecordRow], raw: list[dict[str, Any]]) -> tuple[int, bytes]:
    calls = [_call(operation, list(some)) for _, some in groupby(rows, key=lambda row: row.call)]
    asked = max(operation.asked or 0, len(rows))
    rest = [(len(rows) + first, len(some), None) for first, some in batches.split(range(asked - len(rows)))]
    calls += batches.not_sent(rest)
    complete = all(call.outcome == "done" for call in calls)
    about: dict[str, Any] = {"operation": str(operation.id), "calls": calls, "complete": complete}
    told: RecordsWritten | RecordsDeleted
    if operation.method == "DELETE":
        told = RecordsDeleted(deleted=[one["id"] for one in raw], **about)
    elif operation.merge_on:
        done = [row for row in rows if row.state == "done"]
        records = [shapes.record_of(one) for one in raw]
        told = RecordsUpserted(records=records, created=_ids(done, "create"), updated=_updated(done), **about)
    else:
        told = RecordsWritten(records=[shapes.record_of(one) for one in raw], **about)
    status = 207 if not complete else 201 if operation.method == "POST" else 200
    return status, told.model_dump_json().encode()


def _call(operation: OperationRow, rows: Sequence[RecordRow]) -> CallOutcome:
    first, count, state = rows[0].position, len(rows), rows[0].state
    if state == "done":
        return batches.done(first, count)
    error = CallError(code=operation.error or "airtable.write-unknown", detail=UNDONE)
    return CallOutcome(first=first, count=count, outcome="failed" if state == "failed" else "unknown", error=error)


def _ids(rows: Sequence[RecordRow], kind: str) -> list[str]:
    return [row.record for row in rows if row.kind == kind and row.record]


def _updated(rows: Sequence[RecordRow]) -> list[str]:
    return [row.record for row in rows if row.kind != "create" and row.record]
