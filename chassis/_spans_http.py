"""The spans of HTTP: requests answered, calls made; in the names of OpenTelemetry's semantic conventions."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from starlette.types import Scope
from yarl import URL

from ._context import Context
from ._logs import redact
from ._spans import Span, span

LONGEST_PATH = 200  # characters


def route_of(scope: Scope) -> str:
    """The pattern that a request's path fits: one of few, whatever clients send."""
    return str(scope.get("routed_to") or getattr(scope.get("route"), "path", ""))


def answered(scope: Scope, context: Context, status: int, seconds: float, lag: float = 0.0) -> None:
    """The request of `scope` was answered, the event loop being `lag` seconds late. Names with `platform.` are ours:
    the conventions have none for them."""
    route = route_of(scope)
    attributes: dict[str, str | int] = {
        "http.request.method": scope["method"],
        "http.route": route,
        "http.response.status_code": status,
        "url.path": redact(scope["path"][:LONGEST_PATH]),
        "platform.request_id": context.request_id,
    }
    if lag > 0.1:  # every busy loop is late by less
        attributes["platform.event_loop_lag_ms"] = round(lag * 1000)
    if context.caller:
        attributes["platform.caller"] = context.caller
    if context.principal:
        attributes["platform.tenant"] = context.principal.tenant
    error = "" if status < 400 else context.error.code if context.error else str(status)
    Span.whole(context, f"{scope['method']} {route}", "server", attributes, seconds).end(error, failed=status >= 500)


def call(context: Context, method: str, app_id: str) -> Span:
    """A call to another app begins."""
    return Span(context, f"{method} {app_id}", "client", {"http.request.method": method, "peer.service": app_id})


def end(part: Span, outcome: int | str) -> None:
    """A call is over: with this status, or with what came instead of an answer."""
    if isinstance(outcome, str):
        part.end(outcome)
    else:
        part.end(str(outcome) if outcome >= 400 else "", {"http.response.status_code": outcome})


@asynccontextmanager
async def asking(
    session: aiohttp.ClientSession, method: str, url: str | URL, *, peer: str = "", **how: Any
) -> AsyncIterator[aiohttp.ClientResponse]:
    """An answer of the outside world, and its span, by default named by the host: it ends with the block, when the body
    was read or is given up. `how` goes to `session.request`. Nothing of the trace is told there."""
    url = URL(url)
    host = url.host or ""
    about = {"http.request.method": method, "server.address": host, "url.path": redact(url.path)}
    with span(f"{method} {peer or host}", {**about, "peer.service": peer or host}) as also:
        async with session.request(method, url, **how) as response:
            also["http.response.status_code"] = response.status
            if response.status >= 400:
                also["error.type"] = str(response.status)
            yield response
