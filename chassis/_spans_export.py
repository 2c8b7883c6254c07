"""Spans leave by OTLP/HTTP (opentelemetry.io/docs/specs/otlp), in the background and as far as there is room."""

import asyncio
from collections import deque
from collections.abc import Callable

import aiohttp
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan

from ._spans import START

ROOM = 4096  # spans that wait; then the oldest are dropped
AT_ONCE = 32  # encoding more would hold up the loop for a millisecond
EVERY = 1.0  # seconds; `why` is asked right after a failure
PATIENCE = 1.0  # seconds
HEADERS = {"content-type": "application/x-protobuf"}


class Export:
    """`observe` is told of how many spans left (True), or did not. What watches an app never holds it up: no span is
    sent twice, or waited for, except the one that tells of the start: whoever takes them may start just then too."""

    def __init__(self, endpoint: str, observe: Callable[[int, bool], None]) -> None:
        self._url = f"{endpoint.rstrip('/')}/v1/traces"
        self._observe = observe
        self._waiting: deque[ReadableSpan] = deque()
        self._some = asyncio.Event()

    def take(self, span: ReadableSpan) -> None:
        if len(self._waiting) == ROOM:
            self._waiting.popleft()
            self._observe(1, False)
        self._waiting.append(span)
        self._some.set()

    async def run(self) -> None:
        """Until it is cancelled; then what waits has one more second."""
        async with aiohttp.ClientSession() as session:
            try:
                while True:
                    await self._some.wait()
                    await asyncio.sleep(EVERY)
                    await self._send_all(session)
            finally:
                async with asyncio.timeout(PATIENCE):
                    await self._send_all(session)

    async def _send_all(self, session: aiohttp.ClientSession) -> None:
        self._some.clear()
        again: list[ReadableSpan] = []
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
            taken = await self._send(session, encode_spans(batch).SerializeToString())
            self._observe(len(batch), taken)
            again += [] if taken else [span for span in batch if span.name == START]
        for span in again:
            self.take(span)

    async def _send(self, session: aiohttp.ClientSession, body: bytes) -> bool:
        try:
            async with asyncio.timeout(PATIENCE), session.post(self._url, data=body, headers=HEADERS) as response:
                return response.status < 300
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False
