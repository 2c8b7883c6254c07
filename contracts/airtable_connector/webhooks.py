"""Airtable's own webhooks: what Airtable is asked to tell, and its payloads as Airtable wrote them."""

from typing import Any

from pydantic import Field

from contracts.airtable_connector.records import Sent
from contracts.airtable_connector.told import Told


class Webhook(Told):
    id: str
    specification: dict[str, Any]
    notification_url: str | None = None
    cursor_for_next_payload: int
    is_hook_enabled: bool
    are_notifications_enabled: bool
    expiration_time: str | None = Field(default=None, description="Seven days after it was made, refreshed or read.")
    last_successful_notification_time: str | None = None
    last_notification_result: dict[str, Any] | None = None


class NewWebhook(Sent):
    specification: dict[str, Any] = Field(description="As Airtable documents it: options.filters.dataTypes …")
    notification_url: str | None = Field(default=None, description="Where Airtable pings; none: read the payloads.")


class WebhookCreated(Told):
    id: str
    mac_secret_base64: str = Field(description="What pings are signed with. Told once: keep it.")
    expiration_time: str | None = None


class WebhookRefreshed(Told):
    expiration_time: str | None = None


class NotificationsEnabled(Sent):
    enable: bool


class WebhookPayloads(Told):
    payloads: list[dict[str, Any]]
    cursor: int = Field(description="Of the payload after these.")
    might_have_more: bool
