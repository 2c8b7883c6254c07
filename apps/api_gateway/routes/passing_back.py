"""An app's answer on its way to the client: whole where it is small, else part by part as it comes."""

import asyncio

import aiohttp
from starlette.types import Receive, Send

from apps.api_gateway.domain import headers as rules
from apps.api_gateway.domain.answers import LARGEST_ERROR
from apps.api_gateway.domain.routing import Route
from apps.api_gateway.routes.recording import Recording
from chassis import AnswerLost, AppError, PeerUnavailable

WHOLE = 256 * 1024  # bytes; an answer of known length up to this goes out in one piece
SAFE = frozenset(("GET", "HEAD"))


async def pass_back(
    response: aiohttp.ClientResponse,
    record: Recording,
    route: Route,
    method: str,
    receive: Receive | None,
    send: Send,
) -> None:
    """Send the answer. With `receive`, a client that leaves ends the call. Raises when the app's part breaks off."""
    start = {
        "type": "http.response.start",
        "status": response.status,
        "headers": list(rules.returned(response.raw_headers)),
    }
    try:
        if _is_small(response):
            content = await response.read()
            if response.status >= 400 and len(content) <= LARGEST_ERROR:
                record.explained(response, content)
            record.begun = True
            await send(start)
            await send({"type": "http.response.body", "body": content})
            return
        record.begun = record.endless = True
        await send(start)
        await _stream(response, receive, send)
    except (aiohttp.ClientError, TimeoutError, OSError):
        raise _broken_off(route.app, method) from None


def _is_small(response: aiohttp.ClientResponse) -> bool:
    if response.content_length is None:
        return response.status >= 400 and response.content_type != "text/event-stream"
    return response.content_length <= WHOLE


async def _stream(response: aiohttp.ClientResponse, receive: Receive | None, send: Send) -> None:
    leaving = asyncio.create_task(_gone(receive, response)) if receive else None
    try:
        async for part in response.content.iter_any():
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
