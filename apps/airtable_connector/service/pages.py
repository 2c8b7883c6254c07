"""Records that are asked for one by one, read as pages of their table: a page is one call, as a record is."""

import asyncio
import time
from contextlib import suppress
from urllib.parse import urlencode

from apps.airtable_connector.clients import AirtableApi
from apps.airtable_connector.domain import requests, shapes
from apps.airtable_connector.domain.calls import Call
from apps.airtable_connector.domain.versions import Versions
from apps.airtable_connector.service.changes import Changes
from apps.airtable_connector.store import CacheAway, ReadCache
from chassis import AppError

MISSED = 10  # single records of one table within WHILE; then its pages are worth their calls
WHILE = 60.0  # s
PAGES = 10  # of 100 records; a larger table is not read again for LONG
LONG = 3_600.0  # s


class Pages:
    """In this process' memory alone: the store would be busy with every record of the table."""

    def __init__(self, api: AirtableApi, cache: ReadCache, changes: Changes) -> None:
        self._api, self._cache, self._changes = api, cache, changes
        self._missed: dict[tuple[str, str], list[float]] = {}
        self._not_before: dict[tuple[str, str], float] = {}
        self.reading: asyncio.Task[None] | None = None

    def missed(self, call: Call, tenant: str, token: str, versions: Versions) -> None:
        """A read of a single record was no hit."""
        layout = self._changes.layout(call.base, versions)
        named, record = requests.table_of(call)
        table = layout.table(named) if layout and named and record and not call.query else None
        if table is None or len(call.path.split("/")) > 3:
            return
        key, now = (token, table), time.monotonic()
        recent = self._missed[key] = [at for at in self._missed.get(key, []) if now < at + WHILE] + [now]
        if len(recent) >= MISSED and now >= self._not_before.get(key, 0.0):
            self._not_before[key] = now + WHILE
            self.reading = asyncio.ensure_future(self._read(call, table, tenant, token))

    async def _read(self, call: Call, table: str, tenant: str, token: str) -> None:
        assert call.base is not None
        path, offset = requests.table_path(call.base, table), ""
        with suppress(AppError, CacheAway):
            for _ in range(PAGES):
                versions, asked_at = await self._cache.versions(call.base), time.time()
                asked = urlencode({"offset": offset}) if offset else ""
                page = Call(
                    "GET", path, asked, None, call.base, True, True, priority="sync", connection=call.connection
                )
                answer = await self._api.send(page, tenant)
                if not answer.ok:
                    return
                raw = shapes.parsed(answer)
                for key, entry in self._changes.kept(token, call.base, table, raw["records"], versions, asked_at):
                    self._cache.keep_near(key, entry)
                if not (offset := raw.get("offset", "")):
                    return
            self._not_before[token, table] = time.monotonic() + LONG
