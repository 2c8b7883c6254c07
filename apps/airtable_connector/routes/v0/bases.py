"""Whoami, bases and their schema."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from apps.airtable_connector.domain import requests
from apps.airtable_connector.domain.calls import Call
from apps.airtable_connector.routes.v0.passing import AIRTABLE, body_like, passed_on, query, read
from apps.airtable_connector.service import Direct, Reads
from chassis import Principal, Router

router = Router(prefix="/v0", tags=["Airtable-compatible"])

FIELD = {"name": "Visited", "type": "checkbox", "options": {"icon": "check", "color": "greenBright"}}
NEW_TABLE = body_like({"name": "Places", "fields": [{"name": "Name", "type": "singleLineText"}, FIELD]})
NEW_BASE: dict[str, Any] = body_like({"name": "Travel", "workspaceId": "wspmhESAta6clCCwF", "tables": []})
RENAMED = body_like({"name": "Places", "description": "Where we were"})


@router.get("/meta/whoami", summary="Whose Airtable token the platform uses", **AIRTABLE)
async def airtable_whoami(request: Request, who: Principal, reads: Reads) -> Response:
    """Airtable's answer for the platform's token, not for the client's key."""
    return await read(request, requests.whoami(), who, reads)


@router.get("/meta/bases", summary="List bases", **AIRTABLE)
async def airtable_list_bases(request: Request, who: Principal, reads: Reads) -> Response:
    """The bases the platform's token sees, 1,000 a page."""
    return await read(request, Call("GET", "meta/bases", query(request), read=True), who, reads)


@router.get("/meta/bases/{base}", summary="A base and who shares it", **AIRTABLE)
async def airtable_get_base(base: str, request: Request, who: Principal, reads: Reads) -> Response:
    """With `include`, its collaborators, invitations and interfaces; Airtable answers tokens of an Enterprise plan."""
    call = Call("GET", f"meta/bases/{requests.base_id(base)}", query(request), base=base, read=True)
    return await read(request, call, who, reads, now=True)


@router.get("/meta/bases/{base}/tables", summary="The schema of a base", **AIRTABLE)
async def airtable_list_tables(base: str, request: Request, who: Principal, reads: Reads) -> Response:
    """Tables with their fields and views."""
    call = Call("GET", f"meta/bases/{requests.base_id(base)}/tables", query(request), base=base, read=True)
    return await read(request, call, who, reads)


@router.post("/meta/bases", summary="Create a base", audit="base.create", openapi_extra=NEW_BASE, **AIRTABLE)
async def airtable_create_base(request: Request, who: Principal, direct: Direct) -> Response:
    """With its tables, in a workspace the token may create in."""
    return await passed_on("POST", "meta/bases", request, who, direct)


@router.post(
    "/meta/bases/{base}/tables", summary="Create a table", audit="table.create", openapi_extra=NEW_TABLE, **AIRTABLE
)
async def airtable_create_table(base: str, request: Request, who: Principal, direct: Direct) -> Response:
    """The first field is the primary one."""
    return await passed_on("POST", f"meta/bases/{requests.base_id(base)}/tables", request, who, direct)


@router.patch(
    "/meta/bases/{base}/tables/{table}",
    summary="Rename or describe a table",
    audit="table.update",
    openapi_extra=RENAMED,
    **AIRTABLE,
)
async def airtable_update_table(base: str, table: str, request: Request, who: Principal, direct: Direct) -> Response:
    """Answers the whole table."""
    return await passed_on("PATCH", f"meta/bases/{requests.base_id(base)}/tables/{table}", request, who, direct)


@router.post(
    "/meta/bases/{base}/tables/{table}/fields",
    summary="Create a field",
    audit="field.create",
    openapi_extra=body_like(FIELD),
    **AIRTABLE,
)
async def airtable_create_field(base: str, table: str, request: Request, who: Principal, direct: Direct) -> Response:
    """Of a type that Airtable's API can create."""
    return await passed_on("POST", f"meta/bases/{requests.base_id(base)}/tables/{table}/fields", request, who, direct)


@router.patch(
    "/meta/bases/{base}/tables/{table}/fields/{field}",
    summary="Rename or describe a field",
    audit="field.update",
    openapi_extra=RENAMED,
    **AIRTABLE,
)
async def airtable_update_field(
    base: str, table: str, field: str, request: Request, who: Principal, direct: Direct
) -> Response:
    """Its type stays."""
    path = f"meta/bases/{requests.base_id(base)}/tables/{table}/fields/{field}"
    return await passed_on("PATCH", path, request, who, direct)
