"""The outside: another backend of OTLP, which gets a copy of every span where one is set."""

import asyncio

import aiohttp

from apps.analytics_service.settings import Settings
from chassis import Log, asking

ROOM = 100  # exports that wait; more are dropped
PATIENCE = 5.0  # seconds


class Copies:
    def __init__(self, settings: Settings, outside: aiohttp.ClientSession, log: Log) -> None:
        self._url = f"{settings.forward_url.rstrip('/')}/v1/traces" if settings.forward_url else ""
        self._outside, self._log = outside, log
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue(ROOM)
        self._task: asyncio.Task[None] | None = None
        self._failing = False

    async def start(self) -> None:
        if self._url:
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def offer(self, body: bytes) -> None:
        """Send it on in the background, if there is somewhere to and room for it."""
        if self._task and not self._waiting.full():
            self._waiting.put_nowait(body)

    async def _run(self) -> None:
        while True:
            problem = await self._send(await self._waiting.get())
            if problem and not self._failing:
                self._log.warning("copies of spans are not taken", problem=problem)
            self._failing = bool(problem)

    async def _send(self, body: bytes) -> str:
        headers = {"content-type": "application/x-protobuf"}
        limit = aiohttp.ClientTimeout(total=PATIENCE)
        try:
            async with asking(self._outside, "POST", self._url, data=body, headers=headers, timeout=limit) as response:
                return "" if response.status < 400 else f"answered {response.status}"
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return repr(error)
