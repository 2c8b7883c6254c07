"""Calls to other apps, through the own sidecar: time, context, one retry, one breaker per callee."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

from . import _dapr
from . import _wire as wire
from ._breaker import Breaker, RetryBudget
from ._codes import PeerTimeout, RequestTimeout
from ._context import Context, background, current_or_none
from ._dapr import Failure
from ._settings import AppSettings
from ._spans_http import call, end
from ._wire import SAFE

IDLE = 60.0  # seconds a stream may be silent between two chunks
PATIENT = aiohttp.ClientTimeout(total=None, sock_read=IDLE)
BACKGROUND = 30.0  # seconds for a call without a deadline of its own
PROBE = 0.2  # seconds a healthy sidecar never needs to say that it is there

Body = bytes | AsyncIterator[bytes] | None
Observer = Callable[[str, str, float], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """What an app answered, whatever its status. Errors of the mesh itself are raised instead."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes


class Mesh:
    """The way to every other app. One per app; holds one session to the own sidecar.

    Both calls raise the errors of `_dapr` (peer.*, mesh.*, sidecar.*) for what the mesh could not do, and return
    whatever the callee's app answered otherwise. Context, identity and remaining time travel along by themselves; work
    that has a principal and no token of a user to forward (a job, an event's handler) is done in the app's own name.
    What did not reach the callee, or is safe, is sent once more, out of a budget of a tenth of all calls.
    """

    def __init__(self, settings: AppSettings, observe: Observer | None = None) -> None:
        self.app_id = settings.app_id
        self._origin = f"http://127.0.0.1:{settings.dapr_http_port}"
        self._token = settings.dapr_api_token
        self._observe = observe or (lambda peer, outcome, seconds: None)
        self._session: aiohttp.ClientSession | None = None
        self._breakers: dict[str, Breaker] = {}
        self._budget = RetryBudget()
        self.own_token: Callable[[str], Awaitable[str]] | None = None  # the app's own identity, by tenant

    @property
    def session(self) -> aiohttp.ClientSession:
        """The session to the own sidecar, opened at first use inside the loop; `aclose` ends it."""
        if self._session is None or self._session.closed:
            headers = {"dapr-api-token": self._token.get_secret_value()} if self._token else {}
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=30),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=None),
                headers=headers,
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            )
            self._session._retry_connection = False  # aiohttp would repeat GET, PUT and DELETE: that is decided here
        return self._session

    def url(self, raw_path: str) -> URL:
        """The sidecar's own API at a path and query that are already encoded."""
        return URL(self._origin + raw_path, encoded=True)

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()

    def breakers(self) -> dict[str, dict[str, Any]]:
        """State of the breaker of every app called so far."""
        return {
            app_id: {"state": breaker.state, "failures": breaker.failures, "opened_at": breaker.opened_at}
            for app_id, breaker in sorted(self._breakers.items())
        }

    async def call(
        self,
        app_id: str,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  the word every HTTP client uses
    ) -> Answer:
        """One call, its answer read to the end within the time left (at most `timeout` seconds)."""
        response = await self._connect(app_id, method, path, headers, body, timeout, whole=True)
        return Answer(response.status, response.headers, await response.read())

    @asynccontextmanager
    async def stream(
        self,
        app_id: str,
        method: str,
        raw_path_with_query: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Body = None,
        timeout: float | None = None,  # noqa: ASYNC109  the word every HTTP client uses
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """One call whose answer is read as it comes.

        The first byte is due within the time left (at most `timeout`), then every chunk within 60 s of the one before.
        Leaving the block early, also by cancellation, ends the call at the callee. An iterator is never sent again.
        """
        response = await self._connect(app_id, method, raw_path_with_query, headers, body, timeout, whole=False)
        try:
            yield response
        finally:
            response.close()  # a connection whose answer was read to its end is back in the pool already

    async def _connect(
        self,
        app_id: str,
        method: str,
        path: str,
        headers: Mapping[str, str] | None,
        body: Body,
        limit: float | None,
        *,
        whole: bool,
    ) -> aiohttp.ClientResponse:
        context = current_or_none() or background(self.app_id, seconds=BACKGROUND)
        authorization, who = context.authorization, context.principal
        if who and self.own_token and (authorization is None or who.kind == "service"):  # theirs: of them only
            authorization = await self.own_token(who.tenant)
        headers = wire.keyed(headers, context, app_id, method, path)
        breaker = self._breakers.get(app_id) or self._breakers.setdefault(app_id, Breaker())
        self._budget.earn()
        retryable = body is None or isinstance(body, bytes)
        failure: Failure | None = None
        while True:
            if not breaker.allow():
                raise failure.error if failure else _dapr.left_alone(app_id, breaker)
            began = time.monotonic()
            outcome, result, part = "cancelled", None, call(context, method, app_id)
            try:
                left = self._time_left(context, limit)
                sent = wire.headers_for(context, authorization, app_id, headers, left, part.traceparent)
                result = await self._attempt(app_id, method, path, sent, body, left, whole=whole)
                outcome = result.error.code if isinstance(result, Failure) else str(result.status)
            finally:
                if outcome == "cancelled":
                    breaker.abandoned()
                seconds = time.monotonic() - began
                context.hops.append((app_id, seconds * 1000))
                self._observe(app_id, outcome, seconds)
                end(part, result.status if isinstance(result, aiohttp.ClientResponse) else outcome)
            if not isinstance(result, Failure):
                breaker.succeeded()
                return result
            failure = result
            if not failure.counts or (isinstance(failure.error, PeerTimeout) and left < Breaker.FAIR):
                breaker.abandoned()
            else:
                breaker.failed()
            if not (failure.retry and retryable and self._budget.spend()):
                raise failure.error
            retryable = False
            await asyncio.sleep(random.uniform(0.02, 0.05))  # callers of a dead app do not all come back at once

    async def _attempt(
        self, app_id: str, method: str, path: str, headers: Mapping[str, str], body: Body, left: float, *, whole: bool
    ) -> aiohttp.ClientResponse | Failure:
        upload = wire.Upload(body) if body is not None and not isinstance(body, bytes) else None
        try:
            async with asyncio.timeout(left):
                response = await self.session.request(
                    method,
                    self.url(wire.path_for_daprd(path)),
                    data=upload.chunks() if upload else wire.body_of(body),
                    headers=headers,
                    allow_redirects=False,
                    timeout=PATIENT if left <= IDLE else aiohttp.ClientTimeout(total=None, sock_read=left),
                )
                if "x-trace-id" not in response.headers:
                    failure = await self._made_by_dapr(response, app_id, method)
                    if failure:
                        return failure
                length = wire.restore_length(response)
                if whole and len(await response.read()) != length is not None and method != "HEAD":
                    return _dapr.lost(app_id, method in SAFE)
                return response
        except aiohttp.ClientConnectorError:
            return _dapr.sidecar_gone(self.app_id)
        except TimeoutError:
            if await self._own_sidecar_answers():
                return Failure(_dapr.timed_out(app_id), retry=False, counts=True)
            return Failure(_dapr.sidecar_silent(self.app_id), retry=False, counts=False)
        except (aiohttp.ClientPayloadError, aiohttp.ClientConnectionError, OSError):
            if upload and upload.error:
                raise upload.error from None
            return _dapr.lost(app_id, method in SAFE)

    async def _made_by_dapr(self, response: aiohttp.ClientResponse, app_id: str, method: str) -> Failure | None:
        """The failure when daprd made this answer itself: without a trace id, and an empty 200 of a killed callee."""
        if response.status < 400:
            nothing = response.headers.get("Content-Length") == "0" or "Content-Type" not in response.headers
            return _dapr.lost(app_id, method in SAFE) if response.status == 200 and nothing else None
        body = await response.read()
        message = _dapr.message_of(response.status, response.headers.get("Content-Type", ""), body)
        if message is None:
            wire.put_back(response, body)
            return None
        return _dapr.of_answer(response.status, message, callee=app_id, caller=self.app_id, safe=method in SAFE)

    async def _own_sidecar_answers(self) -> bool:
        """Whether a call that ran out of time is to be blamed on the callee and not on our own frozen sidecar."""
        try:
            async with asyncio.timeout(PROBE), self.session.get(self.url("/v1.0/healthz/outbound")):
                return True
        except (TimeoutError, aiohttp.ClientError, OSError):
            return False

    def _time_left(self, context: Context, limit: float | None) -> float:
        left = BACKGROUND if (given := context.remaining()) is None else given
        if left <= 0:
            raise RequestTimeout("No time was left to make the next call.", service=self.app_id)
        return left if limit is None else min(left, limit)
