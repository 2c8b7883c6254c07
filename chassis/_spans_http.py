"""The spans of HTTP: requests answered, calls made; in the names of OpenTelemetry's semantic conventions."""

from types import SimpleNamespace

import aiohttp
from starlette.types import Scope

from ._context import Context, current_or_none
from ._logs import redact
from ._spans import Span

Ended = aiohttp.TraceRequestEndParams | aiohttp.TraceRequestExceptionParams
LONGEST_PATH = 200  # characters


def route_of(scope: Scope) -> str:
    """The pattern that a request's path fits: one of few, whatever clients send."""
    return str(scope.get("routed_to") or getattr(scope.get("route"), "path", ""))


def answered(scope: Scope, context: Context, status: int, seconds: float) -> None:
    """The request of `scope` was answered. Names with `platform.` are ours: the conventions have none for them."""
    route = route_of(scope)
    attributes: dict[str, str | int] = {
        "http.request.method": scope["method"],
        "http.route": route,
        "http.response.status_code": status,
        "url.path": redact(scope["path"][:LONGEST_PATH]),
        "platform.request_id": context.request_id,
    }
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


def outgoing(peer: str = "") -> aiohttp.TraceConfig:
    """Makes a span of every call to the outside world, by default named by its host. Nothing of the trace is told
    there."""

    async def began(_: aiohttp.ClientSession, call: SimpleNamespace, what: aiohttp.TraceRequestStartParams) -> None:
        context = current_or_none()
        if context is not None and context.sampled:
            host = what.url.host or ""
            about = {"http.request.method": what.method, "server.address": host, "url.path": redact(what.url.path)}
            name = peer or host
            call.part = Span(context, f"{what.method} {name}", "client", {**about, "peer.service": name})

    async def over(_: aiohttp.ClientSession, call: SimpleNamespace, what: Ended) -> None:
        if part := getattr(call, "part", None):
            failure = getattr(what, "exception", None)
            end(part, type(failure).__name__ if failure else what.response.status)  # type: ignore[union-attr]

    config = aiohttp.TraceConfig()
    config.on_request_start.append(began)
    config.on_request_end.append(over)
    config.on_request_exception.append(over)
    return config
