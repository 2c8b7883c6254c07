"""A whole table as a stream: one page ahead of its reader, and on where it was when Airtable forgets the place.

Airtable keeps an iterator for minutes. When one is gone the table is read again from its first page, and what was told
already is left out: so a record is told once, and none that was there all the time is missing.
"""

import asyncio
import time
from array import array
from bisect import bisect_left
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any

import orjson

from apps.airtable_connector.clients import AirtableApi
from apps.airtable_connector.domain import refusals, requests, shapes
from apps.airtable_connector.domain.errors import AirtableCursorExpired
from apps.airtable_connector.service.connections import Connections
from apps.airtable_connector.service.reads import Reads
from chassis import AppError, Principal, acting, current
from contracts.airtable_connector import RecordsQuery

PAGE = 100
PATIENCE = 60.0  # s for one page; the stream itself has no end

Page = tuple[list[dict[str, Any]], str | None]  # Airtable's records, and where the next page is


class _Told:
    """Which records were told, in 8 bytes each: a million of ids as text would be 70 MB."""

    def __init__(self) -> None:
        self._sorted, self._new = array("Q"), array("Q")
        self.count = 0

    def again(self) -> None:
        """The reading begins anew."""
        self._sorted, self._new = array("Q", sorted([*self._sorted, *self._new])), array("Q")

    def fresh(self, records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Those that were not told before; they are now."""
        found = []
        for record in records:
            key = int.from_bytes(blake2b(str(record["id"]).encode(), digest_size=8).digest())
            at = bisect_left(self._sorted, key)
            if at == len(self._sorted) or self._sorted[at] != key:
                self._new.append(key)
                found.append(record)
        self.count += len(found)
        return found


class WholeTables:
    def __init__(self, api: AirtableApi, connections: Connections, reads: Reads) -> None:
        self._api, self._connections, self._reads = api, connections, reads

    async def read(self, base: str, table: str, asked: RecordsQuery, who: Principal) -> AsyncIterator[bytes]:
        """A line of JSON a record, a page at a time, and a last one that says whether that was all. Raises what reading
        raises as long as nothing was told."""
        first = await self._page(base, table, asked, None, who)
        return self._lines(base, table, asked, first, who)

    async def _lines(
        self, base: str, table: str, asked: RecordsQuery, page: Page, who: Principal
    ) -> AsyncIterator[bytes]:
        told, restarts = _Told(), 0
        following: asyncio.Task[Page] | None = None
        try:
            while True:
                records, offset = page
                following = asyncio.create_task(self._page(base, table, asked, offset, who)) if offset else None
                if lines := b"".join(_line(record) for record in told.fresh(records)):
                    yield lines
                if following is None:
                    break
                try:
                    page = await following
                except AirtableCursorExpired:
                    told.again()
                    restarts += 1
                    page = await self._page(base, table, asked, None, who)
            yield orjson.dumps({"complete": True, "records": told.count, "restarts": restarts}) + b"\n"
        except AppError as error:  # the status is long sent, and a sidecar hides that a stream was cut
            problem = {"code": error.code, "detail": error.detail}
            yield orjson.dumps({"complete": False, "records": told.count, "problem": problem}) + b"\n"
        finally:
            if following is not None:
                following.cancel()

    async def _page(self, base: str, table: str, asked: RecordsQuery, offset: str | None, who: Principal) -> Page:
        wanted = asked.model_copy(update={"cursor": offset, "page_size": PAGE})
        call = await self._connections.choose(requests.list_records(base, table, wanted), who.tenant)
        call = replace(await self._reads.with_names(call, who.tenant), priority="sync")
        with acting(replace(current(), deadline=time.monotonic() + PATIENCE, hops=[])):
            answer = await self._api.send(call, who.tenant)
            if not answer.ok:
                raise await self._reads.explained(refusals.error_of(answer, read_only=True), call, who.tenant)
        return shapes.understood(shapes.parsed(answer), lambda raw: (raw["records"], raw.get("offset")))


def _line(record: dict[str, Any]) -> bytes:
    told = {"id": record["id"], "created_time": record["createdTime"], "fields": record.get("fields", {})}
    return orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE)
