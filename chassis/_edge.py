"""The one ASGI middleware: limits, token, trace, identity, time, access log. Everything a request meets first."""

import asyncio
import hmac
import time
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import _wire as wire
from ._codes import HeadersTooLarge, Internal, NoDeadline, NotThroughSidecar, RequestTimeout, RequestTooLarge, Starting
from ._context import Context, enter, leave, read_request_id, read_timeout, read_traceparent
from ._errors import AppError
from ._health import Health, size_of
from ._logs import Log
from ._patience import Patience
from ._principal import Verifier
from ._problem import Answer
from ._router import unaudited
from ._settings import MIB, AppSettings
from ._spans_http import answered, route_of
from ._telemetry import Metrics, answer
from ._wire import SAFE

if TYPE_CHECKING:
    from ._trail import Trail

MAX_HEADERS = 64 * 1024  # bytes, names and values
LONGEST = 600.0  # seconds any request may be given
CLIENT_LEFT = 499  # as nginx logs it; nobody is there to get it
START_PATIENCE = 5.0  # seconds a request waits for an app that is still starting
_READ = frozenset(
    {b"traceparent", b"x-request-id", b"x-timeout-ms", b"dapr-api-token", b"authorization", b"content-length",
     b"transfer-encoding", b"idempotency-key", b"dapr-caller-app-id", b"x-platform-causation-id"}
)  # fmt: skip
_OF_DAPRD = ("/dapr/", "/job/", "/healthz", "/readyz")  # asked by daprd, which has no caller's time or identity
_WITHOUT_IDENTITY = ("/openapi.json", "/_events")  # asked by apps on nobody's behalf, as far as the mesh lets them


class Edge:
    """Outermost layer of an app, inside of which every exception has been answered as a problem."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: AppSettings,
        public: bool,
        log: Log,
        metrics: Metrics,
        health: Health,
        verifier: Verifier,
        answer: Answer,
        trail: "Callable[[], Trail] | None",
    ) -> None:
        self._app, self._app_id, self._public = app, settings.app_id, public
        self._log, self._metrics, self._health = log, metrics, health
        self._identify, self._answer, self._trail = verifier.principal, answer, trail
        self._max_body, self._default_timeout = settings.max_body_bytes, settings.default_timeout
        self._settings = type(settings)
        self._token = settings.app_api_token.get_secret_value().encode() if settings.app_api_token else b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = "" if "refused" in scope else scope["path"]
        if path == "/healthz":
            await answer(send, 200, orjson.dumps({"status": "alive", "app": self._app_id}))
            return
        if path == "/readyz":
            missing = await self._health.missing()
            told = {"lines": size_of(self._settings), "breakers": self._health.breakers()}
            body = {"ready": not missing, "app": self._app_id, "waits_for": missing, **told}
            await answer(send, 503 if missing else 200, orjson.dumps(body))
            return
        await _Request(self, scope, receive, send).run()


class _Request:
    """One request on its way in and its answer on the way out."""

    def __init__(self, edge: Edge, scope: Scope, receive: Receive, send: Send) -> None:
        self._edge, self._scope, self._receive, self._send = edge, scope, receive, send
        self._began = time.perf_counter()
        self._most = 16 * MIB if scope["path"].startswith("/dapr/") else edge._max_body  # too large an event is dropped
        self._status = self._read = size = 0
        found: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            size += len(name) + len(value) + 4
            if name in _READ:
                found[name] = value
        self._headers, self._headers_size = found, size
        self._context = self._make_context()

    def _header(self, name: bytes) -> str | None:
        return self._headers[name].decode("latin-1") if name in self._headers else None

    def _make_context(self) -> Context:
        edge = self._edge
        trace_id, span_id, flags, parent_id = read_traceparent(self._header(b"traceparent"))
        seconds = read_timeout(self._header(b"x-timeout-ms"))
        safe = self._scope["method"] in SAFE
        key = None if safe else self._header(b"idempotency-key")
        if edge._public:
            seconds = seconds or edge._default_timeout
            if key is None and not safe:
                # Not from the request id: a client that sends the same id twice must not lose its second call.
                key = f"{trace_id}-{span_id}"
        return Context(
            app_id=edge._app_id,
            trace_id=trace_id,
            span_id=span_id,
            request_id=read_request_id(self._header(b"x-request-id"), trace_id),
            # A client that samples its own traces does not switch ours off; what daprd asks for itself is none.
            flags="01" if edge._public else "00" if self._scope["path"].startswith(_OF_DAPRD) else flags,
            parent_id=parent_id,
            deadline=None if seconds is None else time.monotonic() + min(seconds, LONGEST),
            authorization=None if edge._public else self._header(b"authorization"),
            idempotency_key=key,
            caller=None if edge._public else self._header(b"dapr-caller-app-id"),
            causation_id=None if edge._public else self._header(b"x-platform-causation-id"),
        )

    async def run(self) -> None:
        token = enter(self._context)
        self._patience = patience = Patience(
            self._context,
            self._receive,
            safe=self._scope["method"] in SAFE,
            has_body=b"content-length" in self._headers or b"transfer-encoding" in self._headers,
        )
        try:
            await self._check()
            await self._edge._app(self._scope, self._receive_limited, self._send_marked)
        except asyncio.CancelledError:
            if not patience.ended:
                raise  # the server stops
            asyncio.current_task().uncancel()  # type: ignore[union-attr]  # ours, and dealt with here
            await self._out_of_patience()
        except AppError as error:
            await self._fail(error)
        except Exception as error:
            self._edge._log.error("unexpected error", error=type(error).__name__, traceback=traceback.format_exc(-12))
            await self._fail(Internal("This is a bug in the platform. Report it with the trace id."))
        finally:
            patience.close()
            self._finish()
            leave(token)

    async def _check(self) -> None:
        edge, path, context = self._edge, self._scope["path"], self._context
        if refused := self._scope.get("refused"):  # by the protocol, for its head
            raise refused
        if self._headers_size > MAX_HEADERS:
            raise HeadersTooLarge(f"The headers are larger than {MAX_HEADERS // 1024} KiB.")
        length = self._headers.get(b"content-length")
        if length and length.isdigit() and int(length) > self._most:
            raise self._too_large()
        of_daprd = path.startswith(_OF_DAPRD)
        shown = self._headers.get(b"dapr-api-token", b"")
        if edge._token and (of_daprd or not edge._public) and not hmac.compare_digest(shown, edge._token):
            raise NotThroughSidecar(f"{edge._app_id} answers its sidecar only. Call it through the gateway.")
        if not edge._public and not of_daprd:
            if context.deadline is None:
                raise NoDeadline("Send x-timeout-ms: what is left of the caller's time, in milliseconds.")
            if path not in _WITHOUT_IDENTITY:
                context.principal = await edge._identify(context.authorization, context.caller or edge._app_id)
        if not of_daprd and not edge._health.started.is_set():
            await self._wait_for_start()

    async def _wait_for_start(self) -> None:
        """A request that comes while the app starts is answered a little later, not refused."""
        patience = min(START_PATIENCE, self._context.remaining() or START_PATIENCE)
        try:
            async with asyncio.timeout(patience):
                await self._edge._health.started.wait()
        except TimeoutError:
            waits = ", ".join(self._edge._health.waits()) or "itself"
            detail = f"{self._edge._app_id} is starting and waits for {waits}. Send the request again."
            raise Starting(detail, headers={"Retry-After": "1"}) from None

    async def _receive_limited(self) -> Message:
        message = await self._patience.receive()
        if refused := self._scope.get("refused"):  # for its body
            raise refused
        if message["type"] == "http.request":
            self._read += len(message.get("body", b""))
            if self._read > self._most:
                raise self._too_large()
        return message

    def _too_large(self) -> RequestTooLarge:
        return RequestTooLarge(
            f"The body is larger than {self._most} bytes. Send it in several requests.",
            headers={"Connection": "close"},
        )

    async def _send_marked(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            if self._edge._trail is not None and self._scope["method"] not in SAFE:
                await self._edge._trail().answered(self._scope, self._context, self._status)
            self._patience.started = True
            timing = f"{self._edge._app_id};dur={(time.perf_counter() - self._began) * 1000:.1f}"
            headers = wire.marked(message.get("headers", ()), self._context, timing, public=self._edge._public)
            if not self._edge._public and (self._edge._trail is None or unaudited(self._scope)):
                headers.append((wire.UNAUDITED.encode(), b"1"))
            message = {**message, "headers": headers}
        await self._send(message)

    async def _out_of_patience(self) -> None:
        if self._patience.ended == "time":
            await self._fail(RequestTimeout(f"{self._edge._app_id} did not answer within the time this request had."))
        elif not self._status:
            self._status = CLIENT_LEFT

    async def _fail(self, error: AppError) -> None:
        self._context.error = error
        if self._status:
            # The answer is under way: ending it here, unfinished, is how the reader learns that it is not whole.
            self._edge._log.warning("answer broken off", code=error.code, detail=error.detail)
            return
        await self._edge._answer(error, self._scope)(self._scope, self._receive, self._send_marked)

    def _finish(self) -> None:
        scope, context, seconds = self._scope, self._context, time.perf_counter() - self._began
        self._edge._metrics.request(scope["method"], route_of(scope), self._status, seconds)
        fields: dict[str, Any] = {"method": scope["method"], "path": scope["path"], "status": self._status}
        fields["duration_ms"] = round(seconds * 1000, 2)
        if context.caller:
            fields["caller"] = context.caller
        if context.hops:
            fields["hops"] = [{"app": app_id, "ms": round(ms, 2)} for app_id, ms in context.hops]
        self._edge._log.info("request", **fields)
        if context.sampled:
            answered(scope, context, self._status, seconds, self._edge._metrics.lag)
