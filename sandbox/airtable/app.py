"""The simulated API as an ASGI application: arrival, token, limits, faults, route, answer, in this order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import Any

from sandbox.airtable import connection, errors, routes
from sandbox.airtable.encoding import packed, unpacked
from sandbox.airtable.faults import Fault
from sandbox.airtable.http import (
    Receive,
    Request,
    Response,
    Scope,
    Send,
    as_json,
    read_body,
    request_from,
    send_response,
)
from sandbox.airtable.state import Sandbox

#: As recorded from the real API.
CORS = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "DELETE,GET,OPTIONS,PATCH,POST,PUT",
    "access-control-allow-headers": "authorization,content-length,content-type,user-agent,"
    "x-airtable-application-id,x-airtable-user-agent,x-api-version,x-requested-with",
}
MAX_URL_CHARACTERS = 16_000
_log = logging.getLogger("sandbox.airtable")


class AirtableApp:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        sandbox, started = self._sandbox, time.perf_counter()
        request = request_from(scope)
        arrived = sandbox.clock.seconds()
        base_id = routes.base_of(request.segments)
        query = scope["query_string"].decode("utf-8", "replace")
        entry = sandbox.log.arrived(request.method, request.path, query, base_id, arrived)
        response: Response | None
        try:
            hit = self._admit(request, base_id, arrived, len(scope["raw_path"]) + len(query))
        except errors.AirtableError as refusal:
            hit, response = [], as_json(refusal.body, refusal.status, CORS | refusal.headers)
        else:
            entry["fault"] = ", ".join(fault.kind for fault in hit) or None
            response = await self._respond(request, receive, hit)
        cut = next((fault for fault in hit if fault.kind == "truncate"), None)
        # Written down before the caller can know the end, and so before anything it does next.
        elapsed = (time.perf_counter() - started) * 1000
        sandbox.log.answered(entry, None if response is None or cut else response.status, elapsed)
        if response is None:
            await connection.drop(receive, send)
        elif cut is not None:
            await connection.cut(response, cut.bytes, receive, send)
        else:
            await send_response(packed(response, request.headers.get("accept-encoding", "")), send)

    def _admit(self, request: Request, base_id: str | None, arrived: float, url_length: int) -> list[Fault]:
        """The faults this request will meet. Raises Airtable's refusal of who may not ask, or not so often."""
        if request.method == "OPTIONS" or _needs_no_token(request.segments):
            return self._sandbox.faults.hit(request.method, request.path) if request.method != "OPTIONS" else []
        if request.segments[:1] != ["v0"]:
            raise errors.not_found()
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        grant = self._sandbox.grant(token.strip()) if scheme.lower() == "bearer" else None
        if grant is None:
            raise errors.authentication_required()
        request.grant = grant
        limiter = self._sandbox.limiter
        if not limiter.admit(base_id, grant.user_id, arrived):
            raise errors.rate_limited(limiter.settings.retry_after, limiter.settings.form)
        if not limiter.within_month(self._sandbox.clock.milliseconds_text()[:7]):
            raise errors.monthly_limit()
        if url_length > MAX_URL_CHARACTERS:
            raise errors.url_too_long()
        return self._sandbox.faults.hit(request.method, request.path)

    async def _respond(self, request: Request, receive: Receive, hit: list[Fault]) -> Response | None:
        """None when the connection is to be dropped."""
        if request.method == "OPTIONS":
            return Response(204, b"", dict(CORS))
        if hit:
            await asyncio.sleep(self._sandbox.faults.delay(hit))
        kinds = {fault.kind: fault for fault in hit}
        if "drop-before" in kinds:
            return None
        if "status" in kinds:
            return _faked(kinds["status"], kinds["status"].status)
        if "iterator-expiry" in kinds:
            self._sandbox.iterators.expire_all()
        response = await self._served(request, receive)
        if "drop-after" in kinds:
            return None
        return _faked(kinds["wrong-body"], response.status) if "wrong-body" in kinds else response

    async def _served(self, request: Request, receive: Receive) -> Response:
        try:
            request.body = unpacked(await read_body(receive), request.headers.get("content-encoding", ""))
            if request.segments[:2] == ["oauth2", "v1"]:
                return self._sandbox.oauth.answer(request)
            if request.segments[:2] == ["v3", "u"] and request.method == "GET":
                return self._sandbox.files.serve(request.segments[2:])
            reads = request.method == "GET" or request.segments[3:] == ["listRecords"]
            with contextlib.nullcontext() if reads else self._sandbox.keeping(request, "api"):
                return as_json(routes.answer(request, self._sandbox), headers=CORS)
        except errors.AirtableError as refusal:
            return as_json(refusal.body, refusal.status, CORS | refusal.headers)
        except Exception:
            _log.exception("%s %s failed: a bug of the sandbox", request.method, request.path)
            return as_json({"error": {"type": "SERVER_ERROR", "message": "A bug of the sandbox"}}, 500, CORS)


def _needs_no_token(segments: list[str]) -> bool:
    """OAuth has credentials of its own, an attachment's URL is one."""
    return segments[:2] == ["oauth2", "v1"] or (segments[:2] == ["v3", "u"] and len(segments) == 6)


def _faked(fault: Fault, status: int) -> Response:
    """A text body is sent as it is, anything else as JSON; without one a 503 is Airtable's, and others are empty."""
    if isinstance(fault.body, str):
        headers = {"content-type": "text/html; charset=utf-8"}
        return Response(status, fault.body.encode(), CORS | headers | fault.headers)
    body: Any = errors.retriable().body if fault.body is None and status == 503 else fault.body
    if body is None:
        return Response(status, b"", CORS | fault.headers)
    return as_json(body, status, CORS | fault.headers)
