"""What a broken app does to requests before it reads them, and to answers after it wrote them."""

import json
from typing import Any, Protocol

_EVENTS = "/dapr/events/"
_SPARED = ("/healthz", "/readyz", "/api/v1/why", "/dapr/", "/job/", "/openapi.json")


class Faults(Protocol):
    faults: dict[str, Any]


class Around:
    """An ASGI application around another one. `event`: lose, twice or poison; `answer`: rename, empty or text."""

    def __init__(self, app: Any, inside: Faults) -> None:
        self._app, self._inside = app, inside

    def __getattr__(self, name: str) -> Any:
        return getattr(self._app, name)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        faults = self._inside.faults
        path = scope.get("path", "")
        if "event" in faults and path.startswith(_EVENTS):
            await self._event(faults["event"], scope, receive, send)
        elif "answer" in faults and scope["type"] == "http" and not path.startswith(_SPARED):
            await self._app(scope, receive, _Changed(faults["answer"], send))
        else:
            await self._app(scope, receive, send)

    async def _event(self, how: str, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        if how == "lose":
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        if how == "poison":
            body = body[: len(body) // 2]
            scope = {**scope, "headers": _resized(scope["headers"], len(body))}
        if how == "twice":
            await self._app(dict(scope), _once(body), _nobody)
        await self._app(scope, _once(body), send)


class _Changed:
    def __init__(self, how: str, send: Any) -> None:
        self._how, self._send, self._body = how, send, b""
        self._start: dict[str, Any] = {}

    async def __call__(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if message.get("more_body"):
            return
        start = self._start
        if start.get("status", 0) < 300 and self._body[:1] in (b"{", b"["):
            self._body = _other(self._how, self._body)
            start = {**start, "headers": _resized(start["headers"], len(self._body))}
        await self._send(start)
        await self._send({"type": "http.response.body", "body": self._body})


def _other(how: str, body: bytes) -> bytes:
    document = json.loads(body)
    if how == "rename" and isinstance(document, dict):
        return json.dumps({f"{name}V2": value for name, value in document.items()}).encode()
    return b"It works!" if how == "text" else b"{}" if isinstance(document, list) else b"[]"


def _resized(headers: Any, size: int) -> list[tuple[bytes, bytes]]:
    sizes = (b"content-length", b"x-body-length")
    return [(name, str(size).encode() if name.lower() in sizes else value) for name, value in headers]


def _once(body: bytes) -> Any:
    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _nobody(_: Any) -> None:
    """The first of two answers is read by nobody."""
