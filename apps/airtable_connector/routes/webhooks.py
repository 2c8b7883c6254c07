"""Airtable's own webhooks of a base; webhook-service builds on these."""

from typing import Annotated

from fastapi import Query

from apps.airtable_connector.domain import beside
from apps.airtable_connector.service import Direct
from chassis import Principal, Router
from contracts.airtable_connector import (
    NewWebhook,
    NotificationsEnabled,
    Webhook,
    WebhookCreated,
    WebhookPayloads,
    WebhookRefreshed,
)
from contracts.listing import Listing

router = Router(prefix="/api/v1/bases/{base}/webhooks", tags=["Webhooks"])


@router.get("", summary="List webhooks")
async def list_webhooks(base: str, who: Principal, direct: Direct) -> Listing[Webhook]:
    """All of the base; `next` is always null."""
    return await direct.ask(beside.webhook("GET", base), who, Listing[Webhook], lambda raw: {"items": raw["webhooks"]})


@router.post("", summary="Create a webhook", audit="webhook.create", status_code=201)
async def create_webhook(base: str, new: NewWebhook, who: Principal, direct: Direct) -> WebhookCreated:
    """Airtable takes ten a base. The secret is told once."""
    return await direct.ask(beside.webhook("POST", base, body=new), who, WebhookCreated)


@router.delete("/{webhook}", summary="Delete a webhook", audit="webhook.delete", status_code=204, response_model=None)
async def delete_webhook(base: str, webhook: str, who: Principal, direct: Direct) -> None:
    """Its payloads stay readable for seven days."""
    await direct.send(beside.webhook("DELETE", base, webhook), who)


@router.post("/{webhook}/refresh", summary="Refresh a webhook", audit="webhook.refresh")
async def refresh_webhook(base: str, webhook: str, who: Principal, direct: Direct) -> WebhookRefreshed:
    """It lives for seven days from now."""
    return await direct.ask(beside.webhook("POST", base, webhook, "refresh"), who, WebhookRefreshed)


@router.post(
    "/{webhook}/notifications",
    summary="Let a webhook ping, or not",
    audit="webhook.enable",
    status_code=204,
    response_model=None,
)
async def enable_notifications(
    base: str, webhook: str, wanted: NotificationsEnabled, who: Principal, direct: Direct
) -> None:
    """Payloads are written either way."""
    await direct.send(beside.webhook("POST", base, webhook, "enableNotifications", body=wanted), who)


@router.get("/{webhook}/payloads", summary="List a webhook's payloads")
async def list_payloads(
    base: str,
    webhook: str,
    who: Principal,
    direct: Direct,
    cursor: Annotated[int, Query(ge=1)] = 1,
    limit: Annotated[int, Query(ge=1, le=50)] = 50,
) -> WebhookPayloads:
    """From `cursor` on. To read them lengthens the webhook's life."""
    return await direct.ask(beside.payloads(base, webhook, cursor, limit), who, WebhookPayloads)
