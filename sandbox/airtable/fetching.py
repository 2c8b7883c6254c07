"""Gets what attachments' URLs point at, a moment after the write was answered, as Airtable does."""

from __future__ import annotations

import asyncio
import http.client
import ipaddress
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from sandbox.airtable.events import Event
from sandbox.airtable.files import MOST_BYTES

TIMEOUT = 10.0
MOST_AT_ONCE = 4


class Fetching:
    """`allowed`: `loopback` (other URLs stay as they were written), `any`, or `none`.

    `arrived` is told ids of base and attachment, content, and type.
    """

    def __init__(self, allowed: str, arrived: Callable[[str, str, bytes, str | None], None]) -> None:
        self._allowed, self._arrived = allowed, arrived
        self._tasks: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(MOST_AT_ONCE)

    def happened(self, event: Event) -> None:
        """A watcher of bases. Outside a running server nothing is fetched."""
        wanted = [item for item in _attachments(event) if "size" not in item and self._may(item["url"])]
        if not wanted:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        for item in wanted:
            task = loop.create_task(self._fetch(event.base.id, item["id"], item["url"]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _fetch(self, base_id: str, attachment_id: str, url: str) -> None:
        async with self._room:
            found = await asyncio.to_thread(_get, url)
        if found is not None:
            self._arrived(base_id, attachment_id, *found)

    def _may(self, url: str) -> bool:
        if self._allowed != "loopback":
            return self._allowed == "any"
        host = urlsplit(url).hostname or ""
        try:
            return host == "localhost" or ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False


def _attachments(event: Event) -> Iterator[dict[str, Any]]:
    for table in event.base.tables.values():
        fields = [field.id for field in table.fields.values() if field.type.name == "multipleAttachments"]
        if fields:
            touched = {*event.created.get(table.id, ()), *event.before.get(table.id, ())}
            for record in (table.records[key] for key in touched if key in table.records):
                for field_id in fields:
                    yield from record.cells.get(field_id, ())


def _get(url: str) -> tuple[bytes, str | None] | None:
    """None for whatever is not answered with a 200 of at most 5 MiB. Redirects are not followed."""
    try:
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT)
        try:
            connection.request("GET", parts._replace(scheme="", netloc="", fragment="").geturl() or "/")
            answer = connection.getresponse()
            content = answer.read(MOST_BYTES + 1)
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException):
        return None
    if answer.status != 200 or len(content) > MOST_BYTES:
        return None
    return content, (answer.headers.get("content-type") or "").partition(";")[0].strip() or None
