"""Which of a tenant's connections to Airtable serves a request: the one it names, or the first that sees the base.

Where a tenant has one only, nothing is asked of Airtable to find that out.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

from apps.airtable_connector.clients import AirtableApi, Tokens
from apps.airtable_connector.domain import connections, refusals, requests, shapes
from apps.airtable_connector.domain.calls import Call
from apps.airtable_connector.domain.connections import Scopes
from apps.airtable_connector.domain.errors import (
    AirtableMissingScope,
    AirtableNoToken,
    AirtableRefused,
    AirtableUnknownConnection,
)
from apps.airtable_connector.settings import Settings
from chassis import AppError, Principal
from contracts.airtable_connector import Connection, ConnectionChecked

KEPT = 300.0  # s; what a token sees and may do
AGAIN = 15.0  # s; sooner nobody looks again for a base that no token saw

_asked: ContextVar[str] = ContextVar("airtable_connection", default="")


def choose(connection: str) -> None:
    """What this request asks of Airtable goes over this connection; over whichever fits for an empty one."""
    _asked.set(connection)


@contextmanager
def over(connection: str) -> Iterator[None]:
    """The same for the block alone."""
    token = _asked.set(connection)
    try:
        yield
    finally:
        _asked.reset(token)


@dataclass(frozen=True, slots=True)
class _Known:
    """What Airtable said of a token, and when (monotonic). None: it does not tell."""

    at: float
    bases: frozenset[str] | None = None
    scopes: Scopes | None = None


class Connections:
    def __init__(self, settings: Settings, tokens: Tokens, api: AirtableApi) -> None:
        self._declared, self._tokens, self._api = settings.scopes, tokens, api
        self._seen: dict[tuple[str, str], _Known] = {}
        self._told: dict[tuple[str, str], _Known] = {}
        self._looking: dict[tuple[str, str], asyncio.Lock] = {}

    async def choose(self, call: Call, tenant: str) -> Call:
        """`call` over the connection that serves it. Raises AirtableUnknownConnection, AirtableMissingScope."""
        if call.connection:
            return call
        name = await self._serving(call.base, tenant)
        await self._may(call, tenant, name)
        return replace(call, connection=name)

    async def known_to(self, who: Principal) -> list[Connection]:
        """Those the tenant has a token for, in the order in which they are tried."""
        return [Connection(name=name) for name in await self._of(who.tenant)]

    async def check(self, name: str, who: Principal) -> ConnectionChecked:
        """Ask Airtable now whose token it is, what it may do and which bases it sees.

        Raises AirtableUnknownConnection, and what reading raises, a refused token included.
        """
        await self._named(name, who.tenant)
        self._seen.pop((who.tenant, name), None)
        owner = await self._ask(requests.whoami(), who.tenant, name)
        scopes = self._declared[name]
        if scopes is None and "scopes" in owner:
            scopes = frozenset(owner["scopes"])
        bases = await self._bases(who.tenant, name)
        return ConnectionChecked(
            name=name,
            owner=str(owner["id"]),
            email=owner.get("email"),
            scopes=None if scopes is None else sorted(scopes),
            scopes_from="unknown" if scopes is None else "airtable" if self._declared[name] is None else "declared",
            bases=None if bases is None else sorted(bases),
        )

    async def _of(self, tenant: str) -> list[str]:
        names = list(self._declared)
        return names if len(names) == 1 else [name for name in names if await self._has_token(tenant, name)]

    async def _has_token(self, tenant: str, name: str) -> bool:
        try:
            await self._tokens.of(tenant, name)
        except AirtableNoToken:
            return False
        return True

    async def _named(self, name: str, tenant: str) -> str:
        known = await self._of(tenant)
        if name not in known:
            raise AirtableUnknownConnection(
                f"There is no connection `{name[:80]}`. There is: {', '.join(known) or 'none'}."
            )
        return name

    async def _serving(self, base: str | None, tenant: str) -> str:
        if asked := _asked.get():
            return await self._named(asked, tenant)
        names = await self._of(tenant)
        if len(names) > 1 and base is not None:
            sights = {name: await self._bases(tenant, name, wanted=base) for name in names}
            names.sort(key=lambda name: 1 if (seen := sights[name]) is None else 0 if base in seen else 2)
        # Nobody sees the base: Airtable says so itself, in its own words.
        return names[0] if names else next(iter(self._declared))

    async def _bases(self, tenant: str, name: str, *, wanted: str = "") -> frozenset[str] | None:
        """What the token sees; None when it may not say. What was known stands in when Airtable fails."""
        key = tenant, name
        async with self._looking.setdefault(key, asyncio.Lock()):
            known = self._seen.get(key)
            if known is not None:
                found = known.bases is None or wanted in known.bases
                if time.monotonic() < known.at + (KEPT if found else AGAIN):
                    return known.bases
            try:
                bases = await self._list(tenant, name)
            except AirtableRefused:
                bases = None
            except AppError:
                if known is None:
                    raise
                return known.bases
            self._seen[key] = _Known(time.monotonic(), bases=bases)
            return bases

    async def _list(self, tenant: str, name: str) -> frozenset[str]:
        found: set[str] = set()
        cursor: str | None = None
        while True:
            page = await self._ask(requests.bases(cursor), tenant, name)
            found.update(one["id"] for one in page["bases"])
            if not (cursor := page.get("offset")):
                return frozenset(found)

    async def _may(self, call: Call, tenant: str, name: str) -> None:
        needed = requests.scope_of(call)
        scopes = self._declared[name]
        if scopes is None:
            scopes = await self._scopes(tenant, name)
        if needed is None or scopes is None or needed in scopes:
            return
        raise AirtableMissingScope(
            f"The token of connection `{name}` lacks the scope `{needed}`, so Airtable was not asked. It has: "
            f"{', '.join(sorted(scopes)) or 'none'}. Give the token that scope, or name another connection: "
            "GET /api/v1/connections."
        )

    async def _scopes(self, tenant: str, name: str) -> Scopes | None:
        """As Airtable tells them, which it does of OAuth tokens; None when it does not: then it judges each call."""
        if not connections.tells_scopes(await self._tokens.of(tenant, name)):
            return None
        key = tenant, name
        known = self._told.get(key)
        if known is None or time.monotonic() > known.at + KEPT:
            try:
                owner = await self._ask(requests.whoami(), tenant, name)
            except AppError:
                return known.scopes if known else None
            told = owner.get("scopes")
            known = self._told[key] = _Known(time.monotonic(), scopes=None if told is None else frozenset(told))
        return known.scopes

    async def _ask(self, call: Call, tenant: str, name: str) -> dict[str, Any]:
        answer = await self._api.send(replace(call, connection=name), tenant)
        if not answer.ok:
            raise refusals.error_of(answer, read_only=True)
        return shapes.understood(shapes.parsed(answer), dict)
