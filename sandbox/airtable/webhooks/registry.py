"""The webhooks of all bases: their life, their payloads, and when each is to be pinged."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sandbox.airtable import errors
from sandbox.airtable.clock import Clock, iso
from sandbox.airtable.events import Event
from sandbox.airtable.ids import Ids
from sandbox.airtable.schema import Base
from sandbox.airtable.webhooks.following import following_cells
from sandbox.airtable.webhooks.payloads import payload
from sandbox.airtable.webhooks.specification import Filters

#: How long a webhook lives after it was made, refreshed or read, and how long a payload is kept.
WEEK = 7 * 86_400.0
MOST_PER_BASE, MOST_OF_AN_INTEGRATION, MOST_PAYLOADS = 10, 2, 50
#: What of a webhook is not kept, because it follows from the rest.
_MADE_ANEW = {"filters", "secret"}


@dataclass(eq=False)
class Webhook:
    """`payloads` are pairs of time and content; the first of them has number `first`."""

    id: str
    base_id: str
    specification: dict[str, Any]
    filters: Filters
    url: str | None
    secret: bytes
    expires: float
    integration: str | None = None
    notifies: bool = True
    first: int = 1
    payloads: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    last_success: str | None = None
    last_result: dict[str, Any] | None = None

    def next_number(self) -> int:
        return self.first + len(self.payloads)

    def shape(self, now: float) -> dict[str, Any]:
        return {
            "id": self.id,
            "specification": self.specification,
            "notificationUrl": self.url,
            "cursorForNextPayload": self.next_number(),
            "isHookEnabled": now < self.expires,
            "areNotificationsEnabled": self.notifies,
            "expirationTime": iso(self.expires),
            "lastSuccessfulNotificationTime": self.last_success,
            "lastNotificationResult": self.last_result,
        }


class Webhooks:
    """`ping` is called for each webhook that has something new to tell."""

    def __init__(self, clock: Clock, ping: Callable[[Webhook], None], key: bytes) -> None:
        self._clock, self._ping, self._key = clock, ping, key
        self._of_base: dict[str, dict[str, Webhook]] = {}

    def clear(self) -> None:
        for webhook in [webhook for known in self._of_base.values() for webhook in known.values()]:
            webhook.notifies = False
        self._of_base.clear()

    def create(self, content: Any, base: Base, ids: Ids, integration: str | None = None) -> dict[str, Any]:
        """The secret is shown this once. `integration` is the OAuth client that asks, if one does."""
        if not isinstance(content, dict):
            raise errors.invalid_request()
        if "specification" not in content:
            raise errors.missing("specification")
        filters, url = Filters(content["specification"], base), content.get("notificationUrl")
        if url is not None and not _is_url(url):
            raise errors.invalid_request()
        known = self._alive(base)
        own = sum(webhook.integration == integration for webhook in known.values())
        if len(known) >= MOST_PER_BASE or (integration is not None and own >= MOST_OF_AN_INTEGRATION):
            raise errors.too_many_webhooks()
        expires = self._clock.seconds() + WEEK
        webhook_id = ids.new("ach")
        secret = self._secret(webhook_id)
        about = (webhook_id, base.id, content["specification"], filters, url, secret, expires)
        made = Webhook(*about, integration=integration)
        known[made.id] = made
        shown = base64.b64encode(secret).decode()
        return {"id": made.id, "macSecretBase64": shown, "expirationTime": iso(expires)}

    def shapes(self, base: Base) -> dict[str, Any]:
        now = self._clock.seconds()
        return {"webhooks": [webhook.shape(now) for webhook in self._alive(base).values()]}

    def delete(self, webhook_id: str, base: Base) -> dict[str, Any]:
        self._found(webhook_id, base).notifies = False
        del self._of_base[base.id][webhook_id]
        return {}

    def enable(self, content: Any, webhook_id: str, base: Base) -> dict[str, Any]:
        if not isinstance(content, dict) or not isinstance(content.get("enable"), bool):
            raise errors.invalid_request()
        self._found(webhook_id, base).notifies = content["enable"]
        return {}

    def refresh(self, webhook_id: str, base: Base) -> dict[str, Any]:
        webhook = self._found(webhook_id, base)
        webhook.expires = self._clock.seconds() + WEEK
        return {"expirationTime": iso(webhook.expires)}

    def page(self, webhook_id: str, base: Base, cursor: int | None, limit: int) -> dict[str, Any]:
        """Payloads from that number on. Reading them keeps a webhook alive that has not expired."""
        webhook, now = self._found(webhook_id, base), self._clock.seconds()
        self._forget_old(webhook, now)
        if now < webhook.expires:
            webhook.expires = now + WEEK
        start = max(cursor or 1, webhook.first)
        shown = [content for _, content in webhook.payloads[start - webhook.first :][:limit]]
        following = start + len(shown) if shown else (cursor or 1)
        return {"payloads": shown, "cursor": following, "mightHaveMore": start + len(shown) < webhook.next_number()}

    def foresee(self, event: Event) -> None:
        if any(event.at < webhook.expires for webhook in self._alive(event.base).values()):
            event.computed = following_cells(event)

    def happened(self, event: Event) -> None:
        for webhook in self._alive(event.base).values():
            content = payload(event, webhook.filters) if event.at < webhook.expires else None
            if content is not None:
                webhook.payloads.append((event.at, content))
                self._forget_old(webhook, event.at)
                self._ping(webhook)

    def documents(self) -> list[dict[str, Any]]:
        """All there is, for `put_back`."""
        known = [webhook for of_base in self._of_base.values() for webhook in of_base.values()]
        return [{key: value for key, value in vars(each).items() if key not in _MADE_ANEW} for each in known]

    def put_back(self, documents: list[dict[str, Any]], bases: dict[str, Base]) -> None:
        self.clear()
        for document in documents:
            filters = _fitting(document["specification"], bases.get(document["base_id"]))
            if filters is not None:
                made = Webhook(**document, filters=filters, secret=self._secret(document["id"]))
                self._of_base.setdefault(made.base_id, {})[made.id] = made

    def forget_unfit(self, bases: dict[str, Base]) -> None:
        """Of bases that were replaced, those whose specification names what is no longer there."""
        for base_id, known in self._of_base.items():
            for webhook in list(known.values()):
                filters = _fitting(webhook.specification, bases.get(base_id))
                if filters is None:
                    webhook.notifies = False
                    del known[webhook.id]
                else:
                    webhook.filters = filters

    def _secret(self, webhook_id: str) -> bytes:
        return hmac.new(self._key, webhook_id.encode(), hashlib.sha256).digest()

    def _alive(self, base: Base) -> dict[str, Webhook]:
        """A week after a webhook expired nothing of it is left."""
        known, now = self._of_base.setdefault(base.id, {}), self._clock.seconds()
        for webhook in list(known.values()):
            if webhook.expires + WEEK <= now:
                del known[webhook.id]
        return known

    def _found(self, webhook_id: str, base: Base) -> Webhook:
        webhook = self._alive(base).get(webhook_id)
        if webhook is None:
            raise errors.hidden()
        return webhook

    def _forget_old(self, webhook: Webhook, now: float) -> None:
        """Those at the front: at every write all of them would be looked at."""
        old = next((at for at, (told, _) in enumerate(webhook.payloads) if told > now - WEEK), len(webhook.payloads))
        webhook.first += old
        del webhook.payloads[:old]


def _fitting(specification: dict[str, Any], base: Base | None) -> Filters | None:
    try:
        return None if base is None else Filters(specification, base)
    except errors.AirtableError:
        return None


def _is_url(url: Any) -> bool:
    """Airtable wants https; here http is fine too, because receivers under test run next door."""
    try:
        return isinstance(url, str) and urlsplit(url).scheme in {"http", "https"} and bool(urlsplit(url).hostname)
    except ValueError:
        return False
