"""The spans of HTTP: requests answered, calls made; in the names of OpenTelemetry's semantic conventions."""

from types import SimpleNamespace

import aiohttp
from starlette.types import Scope

from ._context import Context, current_or_none
from ._logs import redact
from ._spans import Span

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


def outgoing() -> aiohttp.TraceConfig:
    """Makes a span of every call to the outside world. Nothing of the trace is told there."""

    async def began(_: aiohttp.ClientSession, call: SimpleNamespace, what: aiohttp.TraceRequestStartParams) -> None:
        context = current_or_none()
        if context is not None and context.sampled:
            about = {"http.request.method": what.method, "server.address": what.url.host or ""}
            about["url.path"] = redact(what.url.path)
            call.part = Span(context, f"{what.method} {what.url.host}", "client", about)

    async def ended(_: aiohttp.ClientSession, call: SimpleNamespace, what: aiohttp.TraceRequestEndParams) -> None:
        if part := getattr(call, "part", None):
            end(part, what.response.status)

    async def failed(
        _: aiohttp.ClientSession, call: SimpleNamespace, what: aiohttp.TraceRequestExceptionParams
    ) -> None:
        if part := getattr(call, "part", None):
            end(part, type(what.exception).__name__)

    config = aiohttp.TraceConfig()
    config.on_request_start.append(began)
    config.on_request_end.append(ended)
    config.on_request_exception.append(failed)
    return config
