"""Comments of a record, and files for its attachment cells."""

from starlette.requests import Request
from starlette.responses import Response

from apps.airtable_connector.domain import requests
from apps.airtable_connector.domain.calls import Call
from apps.airtable_connector.routes.v0.passing import AIRTABLE, body_like, passed_on, query, read, table_of
from apps.airtable_connector.service import Direct, Reads
from chassis import Principal, Router

router = Router(prefix="/v0", tags=["Airtable-compatible"])

TEXT = body_like({"text": "Hello, @[usrL2PNC5o3H4lBEi]"})
FILE = body_like({"contentType": "text/plain", "filename": "hello.txt", "file": "SGVsbG8="})


@router.get("/{base}/{table}/{record}/comments", summary="List comments", **AIRTABLE)
async def airtable_list_comments(
    base: str, table: str, record: str, request: Request, who: Principal, reads: Reads
) -> Response:
    """Newest first, up to 100 a page. Never from the cache: who writes them in Airtable tells nobody."""
    call = Call("GET", f"{table_of(base, table)}/{record}/comments", query(request), base=base, read=True)
    return await read(request, call, who, reads, now=True)


@router.post(
    "/{base}/{table}/{record}/comments", summary="Comment", audit="comment.create", openapi_extra=TEXT, **AIRTABLE
)
async def airtable_create_comment(
    base: str, table: str, record: str, request: Request, who: Principal, direct: Direct
) -> Response:
    """Its author is the token's owner; with `parentCommentId` it is an answer."""
    return await passed_on("POST", f"{table_of(base, table)}/{record}/comments", request, who, direct)


@router.patch(
    "/{base}/{table}/{record}/comments/{comment}",
    summary="Edit a comment",
    audit="comment.update",
    openapi_extra=TEXT,
    **AIRTABLE,
)
async def airtable_update_comment(
    base: str, table: str, record: str, comment: str, request: Request, who: Principal, direct: Direct
) -> Response:
    """Only those of the token's owner."""
    return await passed_on("PATCH", f"{table_of(base, table)}/{record}/comments/{comment}", request, who, direct)


@router.delete(
    "/{base}/{table}/{record}/comments/{comment}", summary="Delete a comment", audit="comment.delete", **AIRTABLE
)
async def airtable_delete_comment(
    base: str, table: str, record: str, comment: str, request: Request, who: Principal, direct: Direct
) -> Response:
    """Only those of the token's owner."""
    return await passed_on("DELETE", f"{table_of(base, table)}/{record}/comments/{comment}", request, who, direct)


@router.post(
    "/{base}/{record}/{field}/uploadAttachment",
    summary="Upload an attachment",
    audit="attachment.upload",
    openapi_extra=FILE,
    **AIRTABLE,
)
async def airtable_upload_attachment(
    base: str, record: str, field: str, request: Request, who: Principal, direct: Direct
) -> Response:
    """At most 5 MB, as base64; it is added to what the cell has."""
    path = f"{requests.base_id(base)}/{record}/{field}/uploadAttachment"
    return await passed_on("POST", path, request, who, direct)
