"""Records."""

from starlette.requests import Request
from starlette.responses import Response

from apps.airtable_connector.domain.calls import Call
from apps.airtable_connector.routes.v0.passing import AIRTABLE, body_like, query, read, table_of, with_body, write
from apps.airtable_connector.service import Reads, Writes
from chassis import Principal, Router

router = Router(prefix="/v0", tags=["Airtable-compatible"])

ONE_OR_TEN = body_like({"records": [{"fields": {"Name": "Union Square"}}], "typecast": False})
CHANGES = body_like({"records": [{"id": "rec560UJdUtocSouk", "fields": {"Visited": True}}]})
ONE_CHANGE = body_like({"fields": {"Visited": True}})
LIST_BODY = body_like({"pageSize": 100, "filterByFormula": "{Visited} = 1"})


@router.get("/{base}/{table}", summary="List records", **AIRTABLE)
async def airtable_list_records(base: str, table: str, request: Request, who: Principal, reads: Reads) -> Response:
    """A page of records; `offset` in the answer leads to the next."""
    call = Call("GET", table_of(base, table), query(request), base=base, read=True, lists=True)
    return await read(request, call, who, reads)


@router.post(
    "/{base}/{table}/listRecords",
    summary="List records, the query in the body",
    no_audit="it reads; the body is a long query",
    openapi_extra=LIST_BODY,
    **AIRTABLE,
)
async def airtable_list_records_by_post(
    base: str, table: str, request: Request, who: Principal, reads: Reads
) -> Response:
    """As the GET, for queries longer than a URL."""
    path = f"{table_of(base, table)}/listRecords"
    call = await with_body(request, Call("POST", path, query(request), base=base, read=True, lists=True))
    return await read(request, call, who, reads)


@router.get("/{base}/{table}/{record}", summary="Get a record", **AIRTABLE)
async def airtable_get_record(
    base: str, table: str, record: str, request: Request, who: Principal, reads: Reads
) -> Response:
    """One record."""
    call = Call("GET", f"{table_of(base, table)}/{record}", query(request), base=base, read=True)
    return await read(request, call, who, reads)


@router.post(
    "/{base}/{table}", summary="Create up to 10 records", audit="record.create", openapi_extra=ONE_OR_TEN, **AIRTABLE
)
async def airtable_create_records(base: str, table: str, request: Request, who: Principal, writes: Writes) -> Response:
    """`{"fields"}` creates one, `{"records": [...]}` up to ten."""
    return await write("POST", request, table_of(base, table), who, writes)


@router.patch(
    "/{base}/{table}",
    summary="Update or upsert up to 10 records",
    audit="record.update",
    openapi_extra=CHANGES,
    **AIRTABLE,
)
async def airtable_update_records(base: str, table: str, request: Request, who: Principal, writes: Writes) -> Response:
    """With `performUpsert`, records without id are matched or created."""
    return await write("PATCH", request, table_of(base, table), who, writes)


@router.put(
    "/{base}/{table}",
    summary="Replace or upsert up to 10 records",
    audit="record.replace",
    openapi_extra=CHANGES,
    **AIRTABLE,
)
async def airtable_replace_records(base: str, table: str, request: Request, who: Principal, writes: Writes) -> Response:
    """As PATCH, and cells that are not named are emptied."""
    return await write("PUT", request, table_of(base, table), who, writes)


@router.delete("/{base}/{table}", summary="Delete up to 10 records", audit="record.delete", **AIRTABLE)
async def airtable_delete_records(base: str, table: str, request: Request, who: Principal, writes: Writes) -> Response:
    """The ids stand in the query as `records[]`."""
    return await write("DELETE", request, table_of(base, table), who, writes)


@router.patch(
    "/{base}/{table}/{record}", summary="Update a record", audit="record.update", openapi_extra=ONE_CHANGE, **AIRTABLE
)
async def airtable_update_record(
    base: str, table: str, record: str, request: Request, who: Principal, writes: Writes
) -> Response:
    """Cells that are not named stay."""
    return await write("PATCH", request, f"{table_of(base, table)}/{record}", who, writes)


@router.put(
    "/{base}/{table}/{record}", summary="Replace a record", audit="record.replace", openapi_extra=ONE_CHANGE, **AIRTABLE
)
async def airtable_replace_record(
    base: str, table: str, record: str, request: Request, who: Principal, writes: Writes
) -> Response:
    """Cells that are not named are emptied."""
    return await write("PUT", request, f"{table_of(base, table)}/{record}", who, writes)


@router.delete("/{base}/{table}/{record}", summary="Delete a record", audit="record.delete", **AIRTABLE)
async def airtable_delete_record(
    base: str, table: str, record: str, request: Request, who: Principal, writes: Writes
) -> Response:
    """Answers `{"deleted": true, "id"}`."""
    return await write("DELETE", request, f"{table_of(base, table)}/{record}", who, writes)
