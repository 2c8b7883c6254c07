"""HTTP/1.1 as uvicorn speaks it, with an end to how long and how slow a request's head may be."""

import asyncio

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ._codes import HeadersTooLarge
from ._problem import problem

MAX_HEAD = 64 * 1024  # bytes of request line and headers
HEAD_WITHIN = 10.0  # seconds from the first byte of a connection or a request to the end of its headers


class Protocol(HttpToolsProtocol):
    """Cuts off a head that does not end: uvicorn would collect it for as long as memory lasts."""

    _head: int | None = None  # bytes so far of a head that is being read
    _patience: asyncio.TimerHandle | None = None

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
        self._have_head()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._head is not None:
            self._head += len(data)
            if self._head > MAX_HEAD and not self.transport.is_closing():
                self._refuse()

    def _expect_head(self) -> None:
        self._head = 0
        self._patience = self.loop.call_later(HEAD_WITHIN, self._give_up)

    def _have_head(self) -> None:
        self._head = None
        if self._patience:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()

    def _refuse(self) -> None:
        error = HeadersTooLarge(f"The headers are larger than {MAX_HEAD // 1024} KiB.")
        body = orjson.dumps(problem(error, service=getattr(self.config.app, "title", ""), instance="/"))
        self.transport.write(
            b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\n"
            b"content-type: application/problem+json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
        )
        self.transport.close()
