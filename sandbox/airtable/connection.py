"""Breaking the connection instead of answering: what a lost packet or a dying server looks like to a client."""

from __future__ import annotations

from typing import Any

from sandbox.airtable.http import Receive, Response, Send


async def drop(receive: Receive, send: Send) -> None:
    """Close without a byte of an answer."""
    _transport(send).abort()
    await _gone(receive)


async def cut(response: Response, size: int, receive: Receive, send: Send) -> None:
    """Announce the whole body, send its first `size` bytes, and close."""
    headers = {**response.headers, "content-length": str(len(response.body))}
    encoded = [(key.encode("latin-1"), value.encode("latin-1")) for key, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": encoded})
    await send({"type": "http.response.body", "body": response.body[:size], "more_body": True})
    _transport(send).close()
    await _gone(receive)


def _transport(send: Send) -> Any:
    # ASGI has no way to break a connection; uvicorn's `send` is a method of the object that has the transport.
    return send.__self__.transport  # type: ignore[attr-defined]


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
