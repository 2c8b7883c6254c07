"""A request as the routes see it, and how answers are sent. Raw ASGI: the start of the process stays fast."""

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

import orjson

from sandbox.airtable import errors
from sandbox.airtable.grants import NOBODY, Grant

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MAX_BODY_BYTES = 8 * 1024 * 1024


@dataclass
class Request:
    """`segments` are split on `/` before percent-decoding, so a table may be called `T 1/2`."""

    method: str
    path: str
    segments: list[str]
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes = b""
    grant: Grant = NOBODY

    def json(self) -> Any:
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise errors.unreadable_body() from None


@dataclass
class Response:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def as_json(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    body = orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS)
    return Response(status, body, {"content-type": "application/json; charset=utf-8", **(headers or {})})


def request_from(scope: Scope) -> Request:
    """The request without its body."""
    raw_path = scope["raw_path"].split(b"?")[0].decode("utf-8", "replace")
    query = scope["query_string"].decode("utf-8", "replace")
    segments = [unquote(part) for part in raw_path.strip("/").split("/")]
    return Request(
        method=scope["method"],
        path=scope["path"],
        segments=[part for part in segments if part],
        query=parse_qsl(query, keep_blank_values=True) if query else [],
        headers={key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]},
    )


async def read_body(receive: Receive, limit: int = MAX_BODY_BYTES) -> bytes:
    """The whole body. Raises Airtable's 413 above the limit."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"".join(chunks)
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise errors.too_large()
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks)


async def send_response(response: Response, send: Send) -> None:
    headers = {"content-length": str(len(response.body)), **response.headers}
    encoded = [(key.encode("latin-1"), value.encode("latin-1")) for key, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": encoded})
    await send({"type": "http.response.body", "body": response.body})
