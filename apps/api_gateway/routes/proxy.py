"""The hot path: match, admit, limit, pass on, pass back. Raw ASGI: a framework here would cost more than the work."""

import time
from contextlib import AsyncExitStack

from starlette.types import Receive, Scope, Send

from apps.api_gateway.clients import RoutedApps
from apps.api_gateway.domain import headers as rules
from apps.api_gateway.domain.routing import Route
from apps.api_gateway.routes.again import Again
from apps.api_gateway.routes.passing_back import pass_back
from apps.api_gateway.routes.recording import Recording
from apps.api_gateway.routes.target import passed_on
from apps.api_gateway.routes.upload import Upload
from apps.api_gateway.service.door import Door
from apps.api_gateway.settings import Settings
from apps.api_gateway.store import Mutations
from chassis import AppError, HeadersTooLarge, Log, Mesh, MethodNotAllowed, UnknownRoute, current

EVENT_STREAM = "text/event-stream"
STREAMS = (EVENT_STREAM, "application/x-ndjson")
# What an app says of an answer that leaves no entry: it was given before, or its operation says why it needs none.
EXEMPT = ("idempotency-replayed", "x-platform-unaudited")
SAFE = frozenset(("GET", "HEAD"))
OWN_PATHS = ("/api/v1/why", "/docs", "/health", "/healthz", "/openapi.json", "/problems", "/readyz")


class Proxy:
    """Answers every path that the gateway does not serve itself."""

    def __init__(
        self, settings: Settings, mesh: Mesh, apps: RoutedApps, door: Door, mutations: Mutations, log: Log
    ) -> None:
        self._table = settings.table
        self._in_memory = settings.body_in_memory
        self._max_headers = settings.max_header_bytes
        self._mesh, self._apps = mesh, apps
        self._door = door
        self._mutations = mutations
        self._again = Again(mesh, log)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # The raw path, so that an app sees exactly what was matched: `/v0%2Fx` is not under /v0.
        route = self._table.match(scope["raw_path"].decode("latin-1"))
        if route is not None and scope["method"] == "OPTIONS":
            await _options(route, send)
            return
        record: Recording = scope["recording"]
        record.routed(route)
        if route is None:
            raise self._unknown(scope["path"])
        try:
            await self._serve(route, record, scope, receive, send)
        except AppError as error:
            if not error.may_have_happened:
                self._mutations.settle(current(), Settings.APP, "answered")  # the gateway's own entry tells of it
            raise
        finally:
            self._mutations.settle(current(), route.app, "unanswered")

    async def _serve(self, route: Route, record: Recording, scope: Scope, receive: Receive, send: Send) -> None:
        given, method = scope["headers"], scope["method"]
        if method not in route.methods:
            headers = {"Allow": route.allow}
            raise MethodNotAllowed(f"{route.prefix} does not take {method}, but {route.allow}.", headers=headers)
        context = current()
        if route.auth == "key":
            await self._door.admit(given, context)
            if method not in SAFE:
                self._mutations.begin(context, route.app)
        target = passed_on(scope["raw_path"], scope["query_string"])
        size = rules.size(given) + len(target)
        if size > self._max_headers:
            raise HeadersTooLarge(f"Address and headers take {size} bytes; at most {self._max_headers} are taken.")
        limit = time.monotonic() + route.timeout
        shorter = context.deadline is not None and any(name == b"x-timeout-ms" for name, _ in given)
        context.deadline = min(context.deadline or limit, limit) if shorter else limit
        body = await Upload(given, receive, route, context).body(self._in_memory)
        headers = rules.forwarded(given)
        if any(kind in headers.get("accept", "") for kind in STREAMS):
            headers["accept"] = EVENT_STREAM  # sidecars stream events only to those who ask for nothing else
        if scope["client"]:
            headers["x-platform-client-address"] = scope["client"][0]
        if context.idempotency_key:
            headers["idempotency-key"] = context.idempotency_key  # the client's own: one request is passed on as one
        whole = body is None or isinstance(body, bytes)
        if whole:
            headers.pop("content-length", None)
        async with AsyncExitStack() as open_until_sent:
            again = False
            if route.again and method not in SAFE and (body is None or isinstance(body, bytes)):
                asking = self._again.ask(open_until_sent, context, route, method, target, headers, body)
                response, again = await asking
            else:
                call = self._mesh.stream(route.app, method, target, headers=headers, body=body)
                response = await open_until_sent.enter_async_context(call)
            record.answered(response)
            exempt = any(name in response.headers for name in EXEMPT)
            if not (exempt and again):  # its first try may have left the entry: then nobody counts on one
                self._mutations.settle(context, route.app, "exempt" if exempt else "answered")
            leaving = receive if whole else None
            await pass_back(response, record, route, method, leaving, send, self._apps.kept_open)

    def _unknown(self, path: str) -> UnknownRoute:
        close = self._table.suggest(path, OWN_PATHS)
        hint = f"Did you mean {' or '.join(close)}?" if close else "/docs lists what there is."
        return UnknownRoute(f"Nothing is served at {path[:200]}. {hint}")


async def _options(route: Route, send: Send) -> None:
    headers = [(b"allow", route.allow.encode())]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
