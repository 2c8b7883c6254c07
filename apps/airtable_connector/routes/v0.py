"""Airtable's own API, for its unmodified clients: what they send goes on as it came, what Airtable says comes back."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from apps.airtable_connector.domain import requests, shapes
from apps.airtable_connector.domain.calls import Answer, Call
from apps.airtable_connector.domain.errors import AirtableNotFound
from apps.airtable_connector.routes.airtable_route import AirtableRoute, query_as_sent
from apps.airtable_connector.routes.answering import respond, wants_now
from apps.airtable_connector.service import Reads, Writes
from chassis import Principal, Router

router = Router(prefix="/v0", tags=["Airtable-compatible"])

AIRTABLE: dict[str, Any] = {
    "route_class_override": AirtableRoute,
    "responses": {
        "default": {
            "description": "Airtable's error shape; headers x-platform-code, -service, -fault and x-trace-id.",
            "content": {
                "application/json": {"example": {"error": {"type": "NOT_FOUND", "message": "Record not found"}}}
            },
        }
    },
}


def _body(example: dict[str, Any]) -> dict[str, Any]:
    content = {"application/json": {"schema": {"type": "object"}, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


ONE_OR_TEN = _body({"records": [{"fields": {"Name": "Union Square"}}], "typecast": False})
CHANGES = _body({"records": [{"id": "rec560UJdUtocSouk", "fields": {"Visited": True}}]})
ONE_CHANGE = _body({"fields": {"Visited": True}})
LIST_BODY = _body({"pageSize": 100, "filterByFormula": "{Visited} = 1"})


@router.get("/meta/whoami", summary="Whose Airtable token the platform uses", **AIRTABLE)
async def airtable_whoami(request: Request, who: Principal, reads: Reads) -> Response:
    """Airtable's answer for the platform's token, not for the client's key."""
    return await _read(request, requests.whoami(), who, reads)


@router.get("/meta/bases", summary="List bases", **AIRTABLE)
async def airtable_list_bases(request: Request, who: Principal, reads: Reads) -> Response:
    """The bases the platform's token sees, 1,000 a page."""
    return await _read(request, Call("GET", "meta/bases", _query(request), read=True), who, reads)


@router.get("/meta/bases/{base}/tables", summary="The schema of a base", **AIRTABLE)
async def airtable_list_tables(base: str, request: Request, who: Principal, reads: Reads) -> Response:
    """Tables with their fields and views."""
    call = Call("GET", f"meta/bases/{requests.base_id(base)}/tables", _query(request), base=base, read=True)
    return await _read(request, call, who, reads)


@router.get("/{base}/{table}", summary="List records", **AIRTABLE)
async def airtable_list_records(base: str, table: str, request: Request, who: Principal, reads: Reads) -> Response:
    """A page of records; `offset` in the answer leads to the next."""
    call = Call("GET", _table(base, table), _query(request), base=base, read=True, lists=True)
    return await _read(request, call, who, reads)


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
    path = f"{_table(base, table)}/listRecords"
    call = await _with_body(request, Call("POST", path, _query(request), base=base, read=True))
    return await _read(request, call, who, reads)


@router.get("/{base}/{table}/{record}", summary="Get a record", **AIRTABLE)
async def airtable_get_record(
    base: str, table: str, record: str, request: Request, who: Principal, reads: Reads
) -> Response:
    """One record."""
    call = Call("GET", f"{_table(base, table)}/{record}", _query(request), base=base, read=True)
    return await _read(request, call, who, reads)


@router.post(
    "/{base}/{table}", summary="Create up to 10 records", audit="record.create", openapi_extra=ONE_OR_TEN, **AIRTABLE
)
async def airtable_create_records(base: str, table: str, request: Request, who: Principal, writes: Writes) -> Response:
    """`{"fields"}` creates one, `{"records": [...]}` up to ten."""
    return await _write("POST", request, _table(base, table), who, writes)


@router.patch(
    "/{base}/{table}",
    summary="Update or upsert up to 10 records",
    audit="record.update",
    openapi_extra=CHANGES,
    **AIRTABLE,
)
async def airtable_update_records(base: str, table: str, request: Request, who: Principal, writes: Writes) -> Response:
    """With `performUpsert`, records without id are matched or created."""
    return await _write("PATCH", request, _table(base, table), who, writes)


@router.put(
    "/{base}/{table}",
    summary="Replace or upsert up to 10 records",
    audit="record.replace",
    openapi_extra=CHANGES,
    **AIRTABLE,
)
async def airtable_replace_records(base: str, table: str, request: Request, who: Principal, writes: Writes) -> Response:
    """As PATCH, and cells that are not named are emptied."""
    return await _write("PUT", request, _table(base, table), who, writes)


@router.delete("/{base}/{table}", summary="Delete up to 10 records", audit="record.delete", **AIRTABLE)
async def airtable_delete_records(base: str, table: str, request: Request, who: Principal, writes: Writes) -> Response:
    """The ids stand in the query as `records[]`."""
    return await _write("DELETE", request, _table(base, table), who, writes)


@router.patch(
    "/{base}/{table}/{record}", summary="Update a record", audit="record.update", openapi_extra=ONE_CHANGE, **AIRTABLE
)
async def airtable_update_record(
    base: str, table: str, record: str, request: Request, who: Principal, writes: Writes
) -> Response:
    """Cells that are not named stay."""
    return await _write("PATCH", request, f"{_table(base, table)}/{record}", who, writes)


@router.put(
    "/{base}/{table}/{record}", summary="Replace a record", audit="record.replace", openapi_extra=ONE_CHANGE, **AIRTABLE
)
async def airtable_replace_record(
    base: str, table: str, record: str, request: Request, who: Principal, writes: Writes
) -> Response:
    """Cells that are not named are emptied."""
    return await _write("PUT", request, f"{_table(base, table)}/{record}", who, writes)


@router.delete("/{base}/{table}/{record}", summary="Delete a record", audit="record.delete", **AIRTABLE)
async def airtable_delete_record(
    base: str, table: str, record: str, request: Request, who: Principal, writes: Writes
) -> Response:
    """Answers `{"deleted": true, "id"}`."""
    return await _write("DELETE", request, f"{_table(base, table)}/{record}", who, writes)


@router.get("/{rest:path}", include_in_schema=False, **AIRTABLE)
@router.post("/{rest:path}", include_in_schema=False, no_audit="nothing is there", **AIRTABLE)
@router.put("/{rest:path}", include_in_schema=False, no_audit="nothing is there", **AIRTABLE)
@router.patch("/{rest:path}", include_in_schema=False, no_audit="nothing is there", **AIRTABLE)
@router.delete("/{rest:path}", include_in_schema=False, no_audit="nothing is there", **AIRTABLE)
async def nothing_there(rest: str) -> Response:
    """Parts of Airtable's API that the platform does not offer yet, and what Airtable has not either."""
    raise AirtableNotFound(f"There is no /v0/{rest[:200]} here.")


def _query(request: Request) -> str:
    return query_as_sent(request.scope["query_string"])


def _table(base: str, table: str) -> str:
    return f"{requests.base_id(base)}/{table}"


async def _read(request: Request, call: Call, who: Principal, reads: Reads) -> Response:
    return respond(request, await reads.serve(call, who.tenant, shapes.AS_IS, bypass=wants_now(request)))


async def _write(method: str, request: Request, path: str, who: Principal, writes: Writes) -> Response:
    call = await _with_body(request, Call(method, path, _query(request), base=path.partition("/")[0]))
    operation = writes.begin(call, who)
    answer: Answer = await writes.send(call, operation)
    headers = {"x-platform-operation": operation.id}
    return Response(answer.body, answer.status, headers, media_type=answer.content_type or None)


async def _with_body(request: Request, call: Call) -> Call:
    body = await request.body()
    if not body:
        return call
    sent_as = request.headers.get("content-type", call.content_type)
    return Call(call.method, call.path, call.query, body, base=call.base, read=call.read, content_type=sent_as)
