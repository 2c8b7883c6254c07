"""An Airtable that answers what a test wants to see handled, on a loopback port of this process."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Self

import orjson
from aiohttp import web

Reaction = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Request:
    method: str
    path: str  # raw, with its query
    headers: dict[str, str]
    body: bytes


class ScriptedAirtable:
    """Reactions are used up in order; the last one stays."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.asked = asyncio.Event()
        self._reactions: list[Reaction] = []
        self._runner = web.ServerRunner(web.Server(self._react, access_log=None), shutdown_timeout=0.1)
        self.url = ""

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def answers(self, status: int = 200, body: Any = None, headers: dict[str, str] | None = None) -> Self:
        """`body` is sent as JSON, or as it is when it is bytes."""
        sent = body if isinstance(body, bytes) else orjson.dumps({} if body is None else body)
        kind = {"content-type": "application/json; charset=utf-8", **(headers or {})}

        async def react(request: web.BaseRequest) -> web.StreamResponse:
            return web.Response(status=status, body=sent, headers=kind)

        return self._then(react)

    def drops(self) -> Self:
        """Take the request and close the connection without an answer."""

        async def react(request: web.BaseRequest) -> web.StreamResponse:
            assert request.transport is not None
            request.transport.close()
            return web.Response()

        return self._then(react)

    def hangs(self) -> Self:
        async def react(request: web.BaseRequest) -> web.StreamResponse:
            await asyncio.Event().wait()
            raise AssertionError

        return self._then(react)

    def waits_for(self, event: asyncio.Event, body: Any) -> Self:
        """Answer 200 once the event is set."""

        async def react(request: web.BaseRequest) -> web.StreamResponse:
            await event.wait()
            return web.Response(body=orjson.dumps(body), content_type="application/json")

        return self._then(react)

    def _then(self, reaction: Reaction) -> Self:
        self._reactions.append(reaction)
        return self

    async def _react(self, request: web.BaseRequest) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append(Request(request.method, request.raw_path, headers, await request.read()))
        self.asked.set()
        reaction = self._reactions.pop(0) if len(self._reactions) > 1 else self._reactions[0]
        return await reaction(request)
