"""Bases, their tables, and whose token sees them."""

from starlette.requests import Request
from starlette.responses import Response

from apps.airtable_connector.domain import requests, shapes
from apps.airtable_connector.routes.answering import respond, wants_now
from apps.airtable_connector.service import Reads
from chassis import Principal, Router
from contracts.airtable_connector import Base, Table, TokenOwner
from contracts.listing import Listing

router = Router(prefix="/api/v1", tags=["Bases"])


@router.get("/whoami", summary="Whose Airtable token the platform uses")
async def whoami(who: Principal, reads: Reads) -> TokenOwner:
    """The token's owner as Airtable knows it, and whether the platform lets it write."""
    return await reads.token_owner(who.tenant)


@router.get("/bases", summary="List bases", response_model=Listing[Base])
async def list_bases(request: Request, who: Principal, reads: Reads, cursor: str | None = None) -> Response:
    """The bases the platform's token sees, 1,000 a page."""
    served = await reads.serve(requests.bases(cursor), who.tenant, shapes.BASES, bypass=wants_now(request))
    return respond(request, served)


@router.get("/bases/{base}/tables", summary="The schema of a base", response_model=Listing[Table])
async def list_tables(base: str, request: Request, who: Principal, reads: Reads) -> Response:
    """All tables of a base with their fields and views; `next` is always null."""
    served = await reads.serve(requests.tables(base), who.tenant, shapes.TABLES, bypass=wants_now(request))
    return respond(request, served)
