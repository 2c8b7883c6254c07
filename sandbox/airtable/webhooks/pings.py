"""Signed pings: a POST that says there is something to read, tried again for about a day, then given up."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import http.client
import time
from typing import Any
from urllib.parse import urlsplit

import orjson

from sandbox.airtable.clock import Clock
from sandbox.airtable.webhooks.registry import Webhook

#: 10 s, 20 s, 40 s, …: 13 tries after the first take 23 hours by the simulator's clock.
FIRST_DELAY, MOST_RETRIES = 10.0, 13
#: Seconds; a server that stops waits for the ping in flight.
TIMEOUT = 4.0
#: How often the clock, which tests move, is looked at while waiting; in real seconds.
_LOOK = 0.05


class Pings:
    """One task per webhook that has something to tell; what happens meanwhile is told by the next ping."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tasks: dict[Webhook, asyncio.Task[None]] = {}
        self._again: set[Webhook] = set()

    def ping(self, webhook: Webhook) -> None:
        """Called from a request, so there is a loop; what seeds and programs write directly is not told."""
        if webhook.url is None or not webhook.notifies:
            return
        if webhook in self._tasks:
            self._again.add(webhook)
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        self._tasks[webhook] = loop.create_task(self._tell(webhook))

    async def _tell(self, webhook: Webhook) -> None:
        try:
            while True:
                self._again.discard(webhook)
                await self._until_heard(webhook)
                if webhook not in self._again or not webhook.notifies:
                    return
        finally:
            self._again.discard(webhook)
            del self._tasks[webhook]

    async def _until_heard(self, webhook: Webhook) -> None:
        for retry in range(MOST_RETRIES + 1):
            started = time.perf_counter()
            error = await asyncio.to_thread(_post, webhook, self._clock.milliseconds_text())
            self._record(webhook, error, retry, (time.perf_counter() - started) * 1000)
            if error is None:
                return
            due = self._clock.seconds() + FIRST_DELAY * 2**retry
            # Nothing announces that the clock was moved.
            while retry < MOST_RETRIES and webhook.notifies and self._clock.seconds() < due:  # noqa: ASYNC110
                await asyncio.sleep(_LOOK)
            if not webhook.notifies:
                return
        webhook.notifies = False

    def _record(self, webhook: Webhook, error: str | None, retry: int, milliseconds: float) -> None:
        now = self._clock.milliseconds_text()
        result: dict[str, Any] = {
            "success": error is None,
            "completionTimestamp": now,
            "durationMs": round(milliseconds, 3),
            "retryNumber": retry,
        }
        if error is None:
            webhook.last_success = now
        else:
            result |= {"willBeRetried": retry < MOST_RETRIES, "error": {"message": error}}
        webhook.last_result = result


def body_of(webhook: Webhook, timestamp: str) -> bytes:
    return orjson.dumps({"base": {"id": webhook.base_id}, "webhook": {"id": webhook.id}, "timestamp": timestamp})


def mac(secret: bytes, body: bytes) -> str:
    """The value of `X-Airtable-Content-MAC`."""
    return "hmac-sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


def _post(webhook: Webhook, timestamp: str) -> str | None:
    """Why the ping was not heard, None when it was: 200 or 204."""
    parts, body = urlsplit(webhook.url or ""), body_of(webhook, timestamp)
    headers = {
        "content-type": "application/json",
        "user-agent": "Airtable Webhooks",
        "X-Airtable-Content-MAC": mac(webhook.secret, body),
    }
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT)
        try:
            connection.request("POST", parts._replace(scheme="", netloc="").geturl() or "/", body, headers)
            status = connection.getresponse().status
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        return f"The HTTP request failed: {type(error).__name__}"
    return None if status in (200, 204) else f"The HTTP request returned a {status} status code instead of 200 or 204"
