"""Records, one or many: the typed way. A batch may hold up to 1,000; Airtable gets it in calls of ten."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from apps.airtable_connector.domain import requests, shapes
from apps.airtable_connector.routes.answering import NDJSON, respond, wants_now, wants_stream
from apps.airtable_connector.service import Bulk, Done, Reads, WholeTables, Writes
from chassis import Principal, Router
from contracts.airtable_connector import (
    DeletedIds,
    DeletedRecord,
    DryRun,
    NewRecords,
    Record,
    RecordChange,
    RecordChanges,
    RecordIds,
    RecordsDeleted,
    RecordsQuery,
    RecordsUpserted,
    RecordsWritten,
    Upsert,
    Written,
)
from contracts.listing import Listing

router = Router(prefix="/api/v1/bases/{base}/tables/{table:path}", tags=["Records"])


def _batch(model: type[Written]) -> dict[int | str, dict[str, Any]]:
    return {207: {"model": model, "description": "A part was written: `calls` says which, and what stopped the rest."}}


DryRunAsked = Annotated[bool, Query(description="Write nothing; answer 200 with what would change.")]


def _told(report: Written | DryRun, status: int) -> Response:
    """The report; 207 when only a part was written."""
    if isinstance(report, DryRun):
        return _answer(report, 200, None)
    return _answer(report, status if report.complete else 207, report.operation)


def _told_one(done: Done) -> Response:
    return _answer(done.told, 200, done.operation)


def _answer(told: BaseModel, status: int, operation: str | None) -> Response:
    headers = {"x-platform-operation": operation} if operation else None
    return Response(told.model_dump_json(), status, headers, media_type="application/json")


# The lines are told in words only: a second media type makes generated clients call every answer "this or a string".
@router.get("/records", summary="List records", response_model=Listing[Record])
async def list_records(
    base: str,
    table: str,
    asked: Annotated[RecordsQuery, Query()],
    request: Request,
    who: Principal,
    reads: Reads,
    whole: WholeTables,
) -> Response:
    """A page of records, up to 100. Filter with an Airtable formula; give `next` as `cursor` for the next page.

    `Accept: application/x-ndjson` streams all of them, a line each, as fast as they are taken; `cursor` and `page_size`
    do not matter then. The last line has `complete`: true, or false with the `problem` that ended it."""
    if wants_stream(request):
        return StreamingResponse(await whole.read(base, table, asked, who), media_type=NDJSON)
    call = requests.list_records(base, table, asked)
    return respond(request, await reads.serve(call, who.tenant, shapes.RECORDS, bypass=wants_now(request)))


@router.get("/records/{record}", summary="Get a record", response_model=Record)
async def get_record(
    base: str,
    table: str,
    record: str,
    request: Request,
    who: Principal,
    reads: Reads,
    fields_by_id: bool = False,
) -> Response:
    """One record with all its cells that are not empty."""
    call = requests.get_record(base, table, record, fields_by_id=fields_by_id)
    return respond(request, await reads.serve(call, who.tenant, shapes.RECORD, bypass=wants_now(request)))


@router.post(
    "/records",
    summary="Create records",
    audit="record.create",
    status_code=201,
    response_model=RecordsWritten,
    responses=_batch(RecordsWritten),
)
async def create_records(
    base: str, table: str, new: NewRecords, who: Principal, bulk: Bulk, dry_run: DryRunAsked = False
) -> Response:
    """Create 1 to 1,000 records. More than ten take several calls; the first that fails ends the batch."""
    return _told(await bulk.create(base, table, new, who, dry_run=dry_run), 201)


@router.patch(
    "/records",
    summary="Update records",
    audit="record.update",
    response_model=RecordsWritten,
    responses=_batch(RecordsWritten),
)
async def update_records(
    base: str, table: str, changes: RecordChanges, who: Principal, bulk: Bulk, dry_run: DryRunAsked = False
) -> Response:
    """Set the named cells of 1 to 1,000 records; the others stay."""
    return _told(await bulk.change("PATCH", base, table, changes, who, dry_run=dry_run), 200)


@router.put(
    "/records",
    summary="Replace records",
    audit="record.replace",
    response_model=RecordsWritten,
    responses=_batch(RecordsWritten),
)
async def replace_records(
    base: str, table: str, changes: RecordChanges, who: Principal, bulk: Bulk, dry_run: DryRunAsked = False
) -> Response:
    """As the update, and cells that are not named are emptied."""
    return _told(await bulk.change("PUT", base, table, changes, who, dry_run=dry_run), 200)


@router.delete(
    "/records",
    summary="Delete records",
    audit="record.delete",
    response_model=RecordsDeleted,
    responses=_batch(RecordsDeleted),
)
async def delete_records(
    base: str, table: str, asked: Annotated[DeletedIds, Query()], who: Principal, bulk: Bulk
) -> Response:
    """Delete the records with these `ids` (repeat the parameter)."""
    return _told(await bulk.delete(base, table, asked.ids, who, dry_run=asked.dry_run), 200)


@router.post(
    "/records/delete",
    summary="Delete many records",
    audit="record.delete",
    response_model=RecordsDeleted,
    responses=_batch(RecordsDeleted),
)
async def delete_many_records(
    base: str, table: str, asked: RecordIds, who: Principal, bulk: Bulk, dry_run: DryRunAsked = False
) -> Response:
    """As DELETE with ids, for more ids than a URL can hold."""
    return _told(await bulk.delete(base, table, asked.ids, who, dry_run=dry_run), 200)


@router.post(
    "/records/upsert",
    summary="Update or create records",
    audit="record.upsert",
    response_model=RecordsUpserted,
    responses=_batch(RecordsUpserted),
)
async def upsert_records(
    base: str, table: str, upsert: Upsert, who: Principal, bulk: Bulk, dry_run: DryRunAsked = False
) -> Response:
    """Update the record whose `merge_on` fields are equal, create it when there is none; more than one is refused."""
    return _told(await bulk.upsert(base, table, upsert, who, dry_run=dry_run), 200)


@router.patch("/records/{record}", summary="Update a record", audit="record.update", response_model=Record)
async def update_record(
    base: str,
    table: str,
    record: str,
    change: RecordChange,
    who: Principal,
    writes: Writes,
    dry_run: DryRunAsked = False,
) -> Response:
    """Set the named cells; the others stay."""
    return _told_one(await writes.change("PATCH", base, table, record, change, who, dry_run=dry_run))


@router.put("/records/{record}", summary="Replace a record", audit="record.replace", response_model=Record)
async def replace_record(
    base: str,
    table: str,
    record: str,
    change: RecordChange,
    who: Principal,
    writes: Writes,
    dry_run: DryRunAsked = False,
) -> Response:
    """As the update, and cells that are not named are emptied."""
    return _told_one(await writes.change("PUT", base, table, record, change, who, dry_run=dry_run))


@router.delete("/records/{record}", summary="Delete a record", audit="record.delete", response_model=DeletedRecord)
async def delete_record(
    base: str, table: str, record: str, who: Principal, writes: Writes, dry_run: DryRunAsked = False
) -> Response:
    """Gone for good as far as the API goes; Airtable's trash keeps it for a while."""
    return _told_one(await writes.delete(base, table, record, who, dry_run=dry_run))
