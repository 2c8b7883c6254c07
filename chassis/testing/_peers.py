"""Apps that are not there: what they answer, how they fail, what they were asked."""

import asyncio
import posixpath
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote, unquote_to_bytes

import orjson
from aiohttp import web
from fastapi import FastAPI

from ._client import call

Fault = Literal["unknown", "dead", "unhealthy", "sidecar-dead", "denied", "lost", "emptied", "frozen"]

# Word for word what daprd 1.18.3 answers; (status, message).
FAULTS: dict[str, tuple[int, str]] = {
    "unknown": (500, "no host found with the given ID"),
    "dead": (500, "rpc error: code = Internal desc = error invoking app channel: "
             'Get "http://127.0.0.1:1{path}": dial tcp 127.0.0.1:1: connect: connection refused'),
    "unhealthy": (500, "rpc error: code = Internal desc = error invoking app channel: "
                  "rpc error: code = Internal desc = app is not in a healthy state"),
    "sidecar-dead": (500, 'rpc error: code = Unavailable desc = connection error: desc = "transport: '
                     'Error while dialing: dial tcp 127.0.0.1:1: connect: connection refused"'),
    "denied": (403, "rpc error: code = PermissionDenied desc = access control policy has denied access to id: "
               "spiffe://public/ns/default/{caller} operation: {path} verb: {method}"),
    "lost": (500, 'rpc error: code = Internal desc = error invoking app channel: Get "http://127.0.0.1:1{path}": EOF'),
}  # fmt: skip


_NOT_ENCODED = re.compile(rb"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Seen:
    """A request a peer got. `path` is raw, with its query; header names are lower-case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass(slots=True)
class _Rule:
    method: str | None
    path: str | None
    times: int | None
    react: Callable[[Seen, web.BaseRequest], Awaitable[web.StreamResponse]]


class FakePeer:
    """One app in the fake mesh. What was said last counts first; `times` limits how often."""

    def __init__(self, app_id: str) -> None:
        self.app_id = app_id
        self.requests: list[Seen] = []
        self.disconnected = asyncio.Event()  # set when a caller left a request that was under way
        self._rules: list[_Rule] = []

    def answers(
        self,
        status: int = 200,
        *,
        json: Any = None,
        body: bytes | None = None,
        chunks: Sequence[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        method: str | None = None,
        path: str | None = None,
        times: int | None = None,
    ) -> "FakePeer":
        """Answer with `json`, `body`, or `chunks` one by one. An error status without any answers a problem.

        Only requests with `method` and `path` (without query), when given.
        """
        sent = {"x-trace-id": "0" * 31 + "1", **(headers or {})}
        if json is not None:
            body = orjson.dumps(json)
            sent.setdefault("content-type", "application/json")
        elif body is None and chunks is None and status >= 400:
            body = orjson.dumps(self._problem(status))
            sent.setdefault("content-type", "application/problem+json")

        async def react(seen: Seen, request: web.BaseRequest) -> web.StreamResponse:
            if chunks is None:
                return web.Response(status=status, body=body or b"", headers=sent)
            response = web.StreamResponse(status=status, headers=sent)
            await response.prepare(request)
            for chunk in chunks:
                await response.write(chunk)
            return response

        return self._add(react, method, path, times)

    def fails(
        self, fault: Fault, *, method: str | None = None, path: str | None = None, times: int | None = None
    ) -> "FakePeer":
        """Fail as the mesh sees it.

        `unknown` app-id, `dead` app, `unhealthy` app, `sidecar-dead`, `denied` by access control, `lost` in the middle
        of the call, `emptied`: the same as daprd seldom tells it, `frozen`: never answers.
        """

        async def react(seen: Seen, request: web.BaseRequest) -> web.StreamResponse:
            if fault == "frozen":
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    self.disconnected.set()
                    raise
            if fault == "emptied":
                return web.Response()
            status, message = FAULTS[fault]
            reason = message.format(path=seen.path, method=seen.method, caller="caller-service")
            text = f"failed to invoke, id: {self.app_id}, err: {reason}"
            return web.json_response({"errorCode": "ERR_DIRECT_INVOKE", "message": text}, status=status)

        return self._add(react, method, path, times)

    def streams(self, first: bytes) -> "FakePeer":
        """Answer 200 with one server-sent event and then stay silent until the caller leaves."""

        async def react(seen: Seen, request: web.BaseRequest) -> web.StreamResponse:
            response = web.StreamResponse(headers={"content-type": "text/event-stream", "x-trace-id": "0" * 31 + "1"})
            await response.prepare(request)
            await response.write(first)
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.disconnected.set()
                raise
            raise AssertionError

        return self._add(react, None, None, None)

    def hangs_up(self, *, method: str | None = None, times: int | None = None) -> "FakePeer":
        """Take the request and close the connection without an answer, as an app that is killed does."""

        async def react(seen: Seen, request: web.BaseRequest) -> web.StreamResponse:
            if request.transport:
                request.transport.close()
            return web.Response()

        return self._add(react, method, None, times)

    def reacts(self, react: Callable[[Seen, web.BaseRequest], Awaitable[web.StreamResponse]]) -> "FakePeer":
        """Answer as `react` does."""
        return self._add(react, None, None, None)

    def forget(self) -> None:
        """As if nothing had been said or asked yet."""
        self.requests.clear()
        self.disconnected.clear()
        self._rules.clear()

    def serves(self, app: FastAPI, app_token: str = "", caller: str = "", times: int | None = None) -> "FakePeer":
        """Be a real app, called by app `caller` in this process; its lifespan is the test's business."""

        async def react(seen: Seen, request: web.BaseRequest) -> web.StreamResponse:
            headers = {**seen.headers, **({"dapr-api-token": app_token} if app_token else {})}
            headers |= {"dapr-caller-app-id": caller} if caller else {}
            reply = await call(app, seen.method, seen.path, list(headers.items()), seen.body)
            kept = {k: v for k, v in reply.headers.items() if k not in ("content-length", "transfer-encoding")}
            return web.Response(status=reply.status, headers=kept, body=reply.body)

        return self._add(react, None, None, times)

    async def react(self, request: web.BaseRequest, body: bytes, path: str | None = None) -> web.StreamResponse:
        """Answer a request that came for this app; `path` is what a sidecar made of its raw path."""
        headers = {k.lower(): v for k, v in request.headers.items()}
        seen = Seen(request.method, path or request.raw_path, headers, body)
        self.requests.append(seen)
        for rule in reversed(self._rules):
            if rule.method not in (None, seen.method) or rule.path not in (None, seen.path.partition("?")[0]):
                continue
            if rule.times is not None:
                if rule.times == 0:
                    continue
                rule.times -= 1
            return await rule.react(seen, request)
        raise AssertionError(
            f"{self.app_id} was asked {seen.method} {seen.path}, and the test does not say what it answers"
        )

    def _add(
        self,
        react: Callable[[Seen, web.BaseRequest], Awaitable[web.StreamResponse]],
        method: str | None,
        path: str | None,
        times: int | None,
    ) -> "FakePeer":
        self._rules.append(_Rule(method, path, times, react))
        return self

    def _problem(self, status: int) -> dict[str, Any]:
        return {
            "type": f"/problems/{self.app_id}.answered-{status}",
            "title": "As the test wants it",
            "status": status,
            "detail": f"{self.app_id} answers {status} in this test.",
            "instance": "/",
            "code": f"{self.app_id}.answered-{status}",
            "service": self.app_id,
            "fault": "client" if status < 500 else "platform",
            "trace_id": "0" * 31 + "1",
        }


def handed_on(raw_path: str) -> str | None:
    """What a sidecar makes of a path: decoded once, cleaned, and taken for an encoded one; None when it is not one.

    The query stays as it is.
    """
    path, mark, query = raw_path.partition("?")
    decoded = unquote_to_bytes(path)
    if _NOT_ENCODED.search(decoded):
        return None
    return quote(posixpath.normpath(decoded), safe="/%:@!$&'()*+,;=~[]") + mark + query
