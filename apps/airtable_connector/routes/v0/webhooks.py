"""Airtable's webhooks. Nothing of them is cached: to read payloads lengthens a webhook's life."""

from starlette.requests import Request
from starlette.responses import Response

from apps.airtable_connector.domain import requests
from apps.airtable_connector.domain.calls import Call
from apps.airtable_connector.routes.v0.passing import AIRTABLE, body_like, passed_on, query, read
from apps.airtable_connector.service import Direct, Reads
from chassis import Principal, Router

router = Router(prefix="/v0", tags=["Airtable-compatible"])

NEW = body_like(
    {
        "notificationUrl": "https://example.com/ping",
        "specification": {"options": {"filters": {"dataTypes": ["tableData"]}}},
    }
)


@router.get("/bases/{base}/webhooks", summary="List webhooks", **AIRTABLE)
async def airtable_list_webhooks(base: str, request: Request, who: Principal, reads: Reads) -> Response:
    """All of the base, without their secrets."""
    return await read(request, Call("GET", _path(base), query(request), base=base, read=True), who, reads, now=True)


@router.post(
    "/bases/{base}/webhooks", summary="Create a webhook", audit="webhook.create", openapi_extra=NEW, **AIRTABLE
)
async def airtable_create_webhook(base: str, request: Request, who: Principal, direct: Direct) -> Response:
    """The answer has the secret that its pings are signed with, once and never again."""
    return await passed_on("POST", _path(base), request, who, direct)


@router.delete("/bases/{base}/webhooks/{webhook}", summary="Delete a webhook", audit="webhook.delete", **AIRTABLE)
async def airtable_delete_webhook(
    base: str, webhook: str, request: Request, who: Principal, direct: Direct
) -> Response:
    """Its payloads stay readable for seven days."""
    return await passed_on("DELETE", f"{_path(base)}/{webhook}", request, who, direct)


@router.post(
    "/bases/{base}/webhooks/{webhook}/refresh", summary="Refresh a webhook", audit="webhook.refresh", **AIRTABLE
)
async def airtable_refresh_webhook(
    base: str, webhook: str, request: Request, who: Principal, direct: Direct
) -> Response:
    """It lives for seven days from now."""
    return await passed_on("POST", f"{_path(base)}/{webhook}/refresh", request, who, direct)


@router.post(
    "/bases/{base}/webhooks/{webhook}/enableNotifications",
    summary="Let a webhook ping, or not",
    audit="webhook.enable",
    openapi_extra=body_like({"enable": True}),
    **AIRTABLE,
)
async def airtable_enable_notifications(
    base: str, webhook: str, request: Request, who: Principal, direct: Direct
) -> Response:
    """Payloads are written either way."""
    return await passed_on("POST", f"{_path(base)}/{webhook}/enableNotifications", request, who, direct)


@router.get("/bases/{base}/webhooks/{webhook}/payloads", summary="List a webhook's payloads", **AIRTABLE)
async def airtable_list_payloads(base: str, webhook: str, request: Request, who: Principal, reads: Reads) -> Response:
    """From `cursor` on, at most 50; `cursor` in the answer leads to the next."""
    call = Call("GET", f"{_path(base)}/{webhook}/payloads", query(request), base=base, read=True)
    return await read(request, call, who, reads, now=True)


def _path(base: str) -> str:
    return f"bases/{requests.base_id(base)}/webhooks"
