"""JSON bodies: what is refused before anybody validates them."""

import re
from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from ._codes import MalformedJson, TooDeep

MAX_DEPTH = 64

_STRINGS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_ONE_KIND = bytes.maketrans(b"{}", b"[]")


def parse(body: bytes) -> Any:
    """The value of a JSON body. Raises MalformedJson (also for invalid UTF-8) and TooDeep (over 64 levels)."""
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _deeper_than(MAX_DEPTH, body):
        raise TooDeep(f"The JSON is nested more than {MAX_DEPTH} levels deep.")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if not _is_utf8(body):
            raise MalformedJson("The body is not valid UTF-8; JSON must be.") from None
        raise MalformedJson(f"The body is not valid JSON: {error}.") from None


def _deeper_than(depth: int, body: bytes) -> bool:
    # Each round takes away the innermost pairs, all at C speed. What then remains is deeper, or not balanced.
    skeleton = _STRINGS.sub(b"", body).translate(_ONE_KIND, _NOT_BRACKETS)
    for _ in range(depth):
        if not skeleton:
            return False
        skeleton = skeleton.replace(b"[]", b"")
    return b"[]" in skeleton or skeleton.count(b"[") > depth


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


class _JsonRequest(Request):
    async def json(self) -> Any:
        return parse(await self.body())


class JsonRoute(APIRoute):
    """A route whose JSON bodies are read with the limits above."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def limited(request: Request) -> Response:
            return await handler(_JsonRequest(request.scope, request.receive))

        return limited
