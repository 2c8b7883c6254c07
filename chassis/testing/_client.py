"""Calls an app in the same process, as its sidecar would."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlencode

import orjson
from fastapi import FastAPI


@dataclass(frozen=True, slots=True)
class Reply:
    """What the app answered. Header names are lower-case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def problem(self) -> tuple[str, int, str]:
        """(code, status, service) of a problem; fails the test when the answer is none."""
        assert self.headers.get("content-type") == "application/problem+json", (self.status, self.body)
        document = self.json()
        assert document["status"] == self.status
        return document["code"], document["status"], document["service"]


class AppClient:
    """Requests to `app` with `headers` on each; a header given as None with a request is left out of it."""

    def __init__(self, app: FastAPI, headers: Mapping[str, str] | None = None) -> None:
        self.app = app
        self.headers = {name.lower(): value for name, value in (headers or {}).items()}

    @asynccontextmanager
    async def running(self) -> AsyncIterator["AppClient"]:
        """Run the app's lifespan around the block; entered once the app has started."""
        async with self.app.router.lifespan_context(self.app):
            async with asyncio.timeout(10):
                await self.app.state.chassis.health.started.wait()
            yield self

    async def get(self, path: str, **options: Any) -> Reply:
        return await self.request("GET", path, **options)

    async def post(self, path: str, **options: Any) -> Reply:
        return await self.request("POST", path, **options)

    async def put(self, path: str, **options: Any) -> Reply:
        return await self.request("PUT", path, **options)

    async def patch(self, path: str, **options: Any) -> Reply:
        return await self.request("PATCH", path, **options)

    async def delete(self, path: str, **options: Any) -> Reply:
        return await self.request("DELETE", path, **options)

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        body: bytes = b"",
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str | None] | None = None,
        left: asyncio.Event | None = None,
    ) -> Reply:
        """`path` goes as it is, already encoded; `params` are encoded and added. Setting `left` is hanging up."""
        sent: dict[str, str | None] = {**self.headers, **{k.lower(): v for k, v in (headers or {}).items()}}
        if json is not None:
            body = orjson.dumps(json)
            sent.setdefault("content-type", "application/json")
        if body:
            sent.setdefault("content-length", str(len(body)))
        if params:
            path += ("&" if "?" in path else "?") + urlencode(params, doseq=True)
        return await call(self.app, method, path, [(k, v) for k, v in sent.items() if v is not None], body, left)


async def call(
    app: FastAPI,
    method: str,
    raw_path: str,
    headers: list[tuple[str, str]],
    body: bytes,
    left: asyncio.Event | None = None,
) -> Reply:
    """One ASGI request, its answer collected."""
    path, _, query = raw_path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
    }
    messages = [{"type": "http.request", "body": body, "more_body": False}]
    status, got, chunks = 0, {}, []

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop()
        await (left or asyncio.Event()).wait()  # a client stays until it has its answer
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            got.update({name.decode().lower(): value.decode("latin-1") for name, value in message["headers"]})
        else:
            chunks.append(message.get("body", b""))

    await app(scope, receive, send)  # type: ignore[arg-type]
    return Reply(status, got, b"".join(chunks))
