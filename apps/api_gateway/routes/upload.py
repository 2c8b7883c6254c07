"""A client's body on its way to an app: counted, timed, kept in memory only while it is small."""

import asyncio
from collections.abc import AsyncIterator, Iterable

from starlette.types import Receive

from apps.api_gateway.domain.headers import Header
from apps.api_gateway.domain.problems import ClientGone
from apps.api_gateway.domain.routing import Route
from chassis import BadRequest, Context, RequestTooLarge, RequestTooSlow

IDLE = 10.0  # seconds a client may be silent in the middle of a body
# The body's time ends a little before the app's, so that a slow client is never taken for a slow app.
RESERVE = 1.0  # seconds


class Upload:
    """The body of one request. Every way it can fail is the client's, and raised as such."""

    def __init__(self, headers: Iterable[Header], receive: Receive, route: Route, context: Context) -> None:
        self._receive = receive
        self._limit = route.max_body
        self._prefix = route.prefix
        self._context = context
        self._read = 0
        self.length: int | None = 0
        for name, value in headers:
            if name == b"content-length":
                self.length = _length(value)
            elif name == b"transfer-encoding":
                self.length = None
        if self.length is not None and self.length > self._limit:
            raise self._too_large()

    async def body(self, in_memory: int) -> bytes | AsyncIterator[bytes] | None:
        """None without a body, bytes when it is at most `in_memory` bytes long, otherwise an iterator of its parts.

        One whose length nobody knows is kept up to the route's limit: only then is it known to be within it before an
        app sees any of it.
        """
        if self.length == 0:
            return None
        if self.length is not None and self.length > in_memory:
            return self._parts()
        return b"".join([part async for part in self._parts()])

    async def _parts(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            part, more = await self._next()
            self._read += len(part)
            if self._read > self._limit:
                raise self._too_large()
            if part:
                yield part

    async def _next(self) -> tuple[bytes, bool]:
        left = self._context.remaining()
        patience = IDLE if left is None else min(IDLE, left - min(RESERVE, left / 5))
        try:
            async with asyncio.timeout(max(patience, 0.0)):
                message = await self._receive()
        except TimeoutError:
            raise RequestTooSlow("The rest of the body did not arrive in time.") from None
        if message["type"] == "http.disconnect":
            raise ClientGone("The client went away while it was sending.")
        return message.get("body", b""), message.get("more_body", False)

    def _too_large(self) -> RequestTooLarge:
        taken = f"{self._limit / 1024 / 1024:g} MiB" if self._limit >= 1024 * 1024 else f"{self._limit} bytes"
        return RequestTooLarge(f"The body is larger than the {taken} that {self._prefix} takes.")


def _length(value: bytes) -> int:
    if not value.isdigit():
        raise BadRequest("Content-Length must be one number.")
    return int(value)
