"""An app's answer on its way to the client: whole where it is small, else part by part as it comes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager

import aiohttp
from starlette.types import Receive, Send

from apps.api_gateway.domain import airtable_shape
from apps.api_gateway.domain import headers as rules
from apps.api_gateway.domain.answers import LARGEST_ERROR
from apps.api_gateway.domain.headers import Header
from apps.api_gateway.domain.routing import Route
from apps.api_gateway.domain.why.evidence import Failure
from apps.api_gateway.routes.recording import Recording
from chassis import AnswerLost, AppError, PeerUnavailable

PROBLEM = "application/problem+json"
WHOLE = 256 * 1024  # bytes; an answer up to this may go out in one piece
BODILESS = frozenset((204, 304))
SAFE = frozenset(("GET", "HEAD"))


async def pass_back(
    response: aiohttp.ClientResponse,
    record: Recording,
    route: Route,
    method: str,
    receive: Receive | None,
    send: Send,
    kept_open: Callable[[str], AbstractAsyncContextManager[None]],
) -> None:
    """Send the answer. With `receive`, a client that leaves ends the call; while a stream is passed on, its connection
    is `kept_open`. Raises when the app's part breaks off."""
    headers = list(rules.returned(response.raw_headers))
    bodiless = method == "HEAD" or response.status in BODILESS
    parts = _parts(response, None if bodiless else response.content_length)
    try:
        beginning, ended = await _beginning(response, parts)
        length = response.content_length
        if response.status >= 400 and len(beginning) <= LARGEST_ERROR:
            failure = record.explained(response, beginning)
            if failure and ended and route.style == "airtable" and response.content_type == PROBLEM:
                headers, beginning, length = *_in_airtables_shape(response, headers, failure), None
        if ended and length is None and not bodiless:
            headers.append((b"content-length", str(len(beginning)).encode()))
        record.endless = not ended
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        if ended or beginning:
            await send({"type": "http.response.body", "body": beginning, "more_body": not ended})
        if not ended:
            async with kept_open(route.app):
                await _stream(response, parts, receive, send)
    except (aiohttp.ClientError, TimeoutError, OSError):
        raise _broken_off(route.app, method) from None


def _in_airtables_shape(
    response: aiohttp.ClientResponse, headers: Iterable[Header], failure: Failure
) -> tuple[list[Header], bytes]:
    """For what an app refuses before its own Airtable-compatible routes see it."""
    kept = [each for each in headers if each[0] not in (b"content-type", b"content-length")]
    told = airtable_shape.headers(failure)
    kept += [(name.encode(), value.encode("latin-1", "replace")) for name, value in told.items()]
    return kept, airtable_shape.body(response.status, failure.detail)


async def _parts(response: aiohttp.ClientResponse, announced: int | None) -> AsyncIterator[bytes]:
    """The body as it comes. Raises ClientPayloadError when it ends early, which a sidecar hides from its reader."""
    read = 0
    async for part in response.content.iter_any():
        read += len(part)
        yield part
    if announced is not None and read < announced:
        raise aiohttp.ClientPayloadError


async def _beginning(response: aiohttp.ClientResponse, parts: AsyncIterator[bytes]) -> tuple[bytes, bool]:
    """What can be sent in one piece, and whether that is all.

    Of an answer whose length nobody knows, JSON is of no use before its end, so its parts may wait for each other;
    anything else may be meant to arrive as it comes.
    """
    length = response.content_length
    if length > WHOLE if length is not None else not response.content_type.endswith(("/json", "+json")):
        return b"", False
    read, size = [], 0
    async for part in parts:
        read.append(part)
        size += len(part)
        if size > WHOLE:
            return b"".join(read), False
    return b"".join(read), True


async def _stream(
    response: aiohttp.ClientResponse, parts: AsyncIterator[bytes], receive: Receive | None, send: Send
) -> None:
    leaving = asyncio.create_task(_gone(receive, response)) if receive else None
    try:
        async for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    except (aiohttp.ClientError, OSError):
        if leaving is None or not leaving.done():
            raise
    finally:
        if leaving:
            leaving.cancel()


async def _gone(receive: Receive, response: aiohttp.ClientResponse) -> None:
    """Ends the call when the client has left: an app must not go on producing for nobody."""
    while (await receive())["type"] != "http.disconnect":
        pass
    response.close()


def _broken_off(app: str, method: str) -> AppError:
    lost = f"The connection to {app} was lost in the middle of its answer."
    if method in SAFE:
        return PeerUnavailable(f"{lost} Send the request again.", service=app, headers={"Retry-After": "1"})
    return AnswerLost(f"{lost} It may have done what was asked: look first.", service=app)
