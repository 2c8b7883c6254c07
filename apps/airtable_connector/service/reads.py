"""Reading from Airtable: from the cache when it is fresh, together with others who ask the same, clearly refused."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import urlencode

import orjson

from apps.airtable_connector.clients import MergedCalls, Tokens
from apps.airtable_connector.domain import query, refusals, requests, shapes
from apps.airtable_connector.domain.calls import Call
from apps.airtable_connector.domain.errors import (
    AirtableCursorExpired,
    AirtableNotFound,
    AirtableRateLimited,
    AirtableRefused,
    AirtableTimeout,
    AirtableUnavailable,
)
from apps.airtable_connector.domain.shapes import Shape
from apps.airtable_connector.domain.versions import Versions
from apps.airtable_connector.service.changes import NO_BASE, Changes
from apps.airtable_connector.service.connections import Connections
from apps.airtable_connector.service.monitor import Monitor
from apps.airtable_connector.service.pages import Pages
from apps.airtable_connector.settings import Settings
from apps.airtable_connector.store import CacheAway, Entry, ReadCache, entry_key
from chassis import AppError, current
from contracts.airtable_connector import TokenOwner

How = Literal["hit", "miss", "bypass", "stale"]


@dataclass(frozen=True, slots=True)
class Served:
    """An answer, where it came from and why, as RFC 9211 says it. `degraded`: the state store was away."""

    entry: Entry
    how: How
    why: str
    degraded: bool = False


class Reads:
    def __init__(
        self,
        settings: Settings,
        airtable: MergedCalls,
        tokens: Tokens,
        connections: Connections,
        cache: ReadCache,
        changes: Changes,
        pages: Pages,
        monitor: Monitor,
    ) -> None:
        self._settings, self._airtable, self._cache = settings, airtable, cache
        self._tokens, self._connections = tokens, connections
        self._changes, self._pages, self._monitor = changes, pages, monitor
        self._flights: dict[str, asyncio.Task[Entry]] = {}

    async def serve(self, call: Call, tenant: str, shape: Shape, *, bypass: bool = False) -> Served:
        """The answer to a read. `bypass`: the caller wants Airtable's word of now.

        Pages after the first are never cached: their offset is an iterator that Airtable keeps for minutes and for
        one reader. A first page that has more behind it carries such an offset, so it is kept for a short time only.
        """
        try:
            return await self._serve(await self.with_names(call, tenant), tenant, shape, bypass=bypass)
        except AppError as error:
            raise await self.explained(error, call, tenant) from error

    async def with_names(self, call: Call, tenant: str) -> Call:
        """Fields that a list's formula calls by id, by name: Airtable knows no ids there. A renaming breaks nothing."""
        body = call.body or b""
        if not call.lists or not (query.asks_by_id(call.query) or query.asks_by_id(body)) or call.base is None:
            return call
        tables = await self._parsed(requests.tables(call.base), tenant)
        names = {field["id"]: field["name"] for table in tables.get("tables", []) for field in table["fields"]}
        named = query.with_names(query.parse(call.query), names)
        return replace(
            call,
            query=urlencode(named, errors="surrogateescape"),
            body=query.with_names_in_body(body, names) if body else call.body,
        )

    async def token_owner(self, tenant: str) -> TokenOwner:
        """Whose token is used."""
        served = await self.serve(requests.whoami(), tenant, shapes.AS_IS)
        allowed = self._settings.allow_writes
        return shapes.understood(
            orjson.loads(served.entry.plain), lambda raw: shapes.token_owner(raw, writes_allowed=allowed)
        )

    async def explained(self, error: AppError, call: Call, tenant: str) -> AppError:
        """Airtable says "no permission or not found" in one word: find out which, from what the token can see. Where it
        says "no permission", name the scope."""
        if not isinstance(error, AirtableRefused) or error.answer is None or error.answer.status != 403:
            return error
        if refusals.read(error.answer).type != refusals.AMBIGUOUS:
            named = AirtableRefused(f"{error.detail} This takes the scope `{requests.scope_of(call)}`.")
            named.answer = error.answer
            return named
        if call.base is None:
            return error
        better = await self._what_is_missing(call, tenant)
        if better is None:
            return error
        better.answer = error.answer
        return better

    async def _what_is_missing(self, call: Call, tenant: str) -> AirtableNotFound | None:
        assert call.base is not None
        table, record = requests.table_of(call)
        try:
            if table is None:
                return await self._missing_base(call.base, tenant)
            tables = await self._parsed(requests.tables(call.base), tenant)
        except (AirtableRefused, AirtableNotFound):
            return AirtableNotFound(
                f"The platform's token sees no base {call.base}. GET /api/v1/bases lists what it sees."
            )
        except AppError:
            return None
        names = [(str(one.get("id")), str(one.get("name"))) for one in tables.get("tables", [])]
        if not any(table == own_id or table.lower() == name.lower() for own_id, name in names):
            known = ", ".join(name for _, name in names[:20])
            return AirtableNotFound(f"Base {call.base} has no table `{table}`. It has: {known}.")
        if record and call.read:
            return AirtableNotFound(f"Table `{table}` has no record {record}.")
        return None

    async def _missing_base(self, base: str, tenant: str) -> AirtableNotFound | None:
        cursor: str | None = None
        while True:
            page = await self._parsed(requests.bases(cursor), tenant)
            if any(one.get("id") == base for one in page.get("bases", [])):
                return None
            if not (cursor := page.get("offset")):
                return AirtableNotFound(
                    f"The platform's token sees no base {base}. GET /api/v1/bases lists what it sees."
                )

    async def _parsed(self, call: Call, tenant: str) -> dict[str, Any]:
        served = await self._serve(call, tenant, shapes.AS_IS, bypass=False)
        raw = orjson.loads(served.entry.plain)
        return raw if isinstance(raw, dict) else {}

    async def _serve(self, call: Call, tenant: str, shape: Shape, *, bypass: bool) -> Served:
        call = await self._connections.choose(call, tenant)
        asked = _cacheable(call)
        if bypass or asked is None or not self._cache.on:
            why = "fwd=request" if bypass else "fwd=bypass; detail=" + ("later-page" if asked is None else "cache-off")
            return Served(await self._fetch(call, tenant, shape), "bypass", why)
        scope, token = call.base or NO_BASE, await self._tokens.mark(tenant, call.connection)
        try:
            versions = await self._cache.versions(scope)
            self._changes.read_by(scope, token)
            number, path = versions.place(call, self._changes.layout(call.base, versions))
            key = entry_key(token, f"{scope}:{number}", shape.name, call.method, path, asked)
            entry = await self._cache.find(key)
            if entry and self._monitor.is_past(requests.table_of(call)[1], entry):
                entry = None
        except CacheAway:
            # Equal reads still travel together, but never with one that set out before a write of ours.
            number = f"{scope}:{self._changes.made}"
            key = entry_key(token, number, shape.name, call.method, call.path, asked)
            fetched = await self._together(key, lambda: self._fetch(call, tenant, shape))
            return Served(fetched, "bypass", "fwd=bypass; detail=state-store-away", degraded=True)
        ttl = math.floor(self._cache.fresh_until(entry, versions) - time.time()) if entry else -1
        if entry is not None and ttl >= 0:
            return Served(entry, "hit", f"hit; ttl={ttl}")
        joined = "; collapsed" if key in self._flights else ""
        try:
            fetched = await self._together(key, lambda: self._fetch_and_keep(key, call, tenant, shape))
        except (AirtableUnavailable, AirtableTimeout, AirtableRateLimited) as error:
            if entry is None:
                raise
            return Served(entry, "stale", f'hit; ttl={ttl}; detail="{error.code}"')
        self._pages.missed(call, tenant, token, versions)
        if self._changes.wants_layout(call, versions):
            self._learning = asyncio.ensure_future(self._learn(call.base or "", tenant, versions))
        return Served(fetched, "miss", f"fwd={'stale' if entry else 'uri-miss'}; stored{joined}")

    async def _learn(self, base: str, tenant: str, versions: Versions) -> None:
        """Which tables of the base show something of each other: until that is known, any write counts for all."""
        with suppress(AppError):
            kept = (await self._serve(requests.tables(base), tenant, shapes.AS_IS, bypass=False)).entry
            self._changes.learn(base, versions, kept)

    async def _fetch_and_keep(self, key: str, call: Call, tenant: str, shape: Shape) -> Entry:
        entry = await self._fetch(call, tenant, shape)
        await self._cache.keep(key, entry)
        return entry

    async def _fetch(self, call: Call, tenant: str, shape: Shape) -> Entry:
        asked_at = time.time()
        answer = await self._airtable.send(call, tenant)
        if not answer.ok:
            error = refusals.error_of(answer, read_only=True)
            if isinstance(error, AirtableCursorExpired):
                # The first page we keep ends in the same dead iterator: who starts again must get a new one.
                await self._changes.unknown(call.base)
            raise error
        body, more = shape.of(answer)
        kept_for = self._settings.read_cache_ttl
        content_type = answer.content_type if shape.render is None else "application/json"
        if more:
            return Entry.of(body, content_type, min(kept_for, self._settings.page_cache_ttl))
        return Entry.of(body, content_type, kept_for, asked_at)

    async def _together(self, key: str, fetch: Callable[[], Awaitable[Entry]]) -> Entry:
        """One fetch for all who ask the same at the same time, each within its own time."""
        flight = self._flights.get(key)
        joined = flight is not None
        if flight is None:
            flight = self._flights[key] = asyncio.ensure_future(fetch())
            flight.add_done_callback(lambda done: self._landed(key, done))
        try:
            async with asyncio.timeout(current().remaining()):
                return await asyncio.shield(flight)
        except TimeoutError as late:
            raise AirtableTimeout("Airtable did not answer in time. Repeat it, with more time if need be.") from late
        except (AirtableTimeout, AirtableRateLimited):
            if not joined:
                raise
            return await fetch()  # the first one had less time than we have

    def _landed(self, key: str, flight: "asyncio.Task[Entry]") -> None:
        self._flights.pop(key, None)
        if not flight.cancelled():
            flight.exception()  # looked at, even when everybody who waited has gone


def _cacheable(call: Call) -> bytes | None:
    """The canonical query to keep the answer under; None when it is not kept."""
    pairs = query.parse(call.query)
    if query.offset_of(pairs):
        return None
    if call.body is None:
        return query.canonical(pairs)
    body = query.canonical_body(call.body)
    if body is None or query.offset_in_body(call.body):
        return None
    return query.canonical(pairs) + b"\n" + body
