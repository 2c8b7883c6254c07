"""HTTP/1.1 as uvicorn speaks it, with an end to how long and how slow a request's head may be.

What it refuses, the app answers like any other request: with a trace, in its own shape, in its log.
"""

import asyncio

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ._codes import BadRequest, HeadersTooLarge, RequestTooSlow
from ._errors import AppError

MAX_HEAD = 64 * 1024  # bytes of request line and headers
HEAD_WITHIN = 10.0  # seconds from the first byte of a connection or a request to the end of its headers
LONGEST_ADDRESS = 2_000  # bytes of an address that the app is told with a refusal


class Protocol(HttpToolsProtocol):
    """Cuts off a head that does not end: uvicorn would collect it for as long as memory lasts."""

    _head: int | None = None  # bytes so far of a head that is being read
    _patience: asyncio.TimerHandle | None = None
    _refused = False  # whatever else comes on this connection is not read

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._have_head()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._head is None:
            self._expect_head()

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._have_head()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        super().data_received(data)
        if self._head is not None:
            self._head += len(data)
            if self._head > MAX_HEAD:
                self._refuse(HeadersTooLarge(f"The headers are larger than {MAX_HEAD // 1024} KiB."))

    def send_400_response(self, msg: str) -> None:
        """Where uvicorn goes when its parser gives up."""
        self._refuse(BadRequest("This is not HTTP as RFC 9112 defines it. Send it with a client library."))

    def _expect_head(self) -> None:
        self._head = 0
        self._patience = self.loop.call_later(HEAD_WITHIN, self._give_up)

    def _have_head(self) -> None:
        self._head = None
        if self._patience:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        if self._head:
            self._refuse(RequestTooSlow(f"The headers did not arrive within {HEAD_WITHIN:g} s."))
        elif not self.transport.is_closing():
            self.transport.close()  # nothing was asked

    def _refuse(self, error: AppError) -> None:
        if self._refused or self.transport.is_closing():
            return
        self._refused = True
        if self._head is None:
            self._refuse_body(error)
            return
        self._have_head()
        self.scope["refused"] = error  # type: ignore[typeddict-unknown-key]
        known = bool(self.url)
        try:
            self.url = self.url[:LONGEST_ADDRESS]
            httptools.parse_url(self.url)
        except httptools.HttpParserInvalidURLError:
            self.url = b"/"
        super().on_headers_complete()
        self.cycle.keep_alive = False
        if not known:
            self.scope["method"] = "-"  # the parser names any

    def _refuse_body(self, error: AppError) -> None:
        """The app is busy with the request already, and learns it when it goes on reading."""
        if self.cycle.response_complete:
            self.transport.close()
            return
        self.cycle.scope["refused"] = error  # type: ignore[typeddict-unknown-key]
        self.cycle.keep_alive = False
        self.cycle.message_event.set()
