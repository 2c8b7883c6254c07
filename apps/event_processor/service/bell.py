"""Wakes who waits for the next event."""

import asyncio

ANYWAY = 1.0  # seconds after which a waiter looks by itself: another replica may have stored something


class Bell:
    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()
        self._rung = asyncio.Event()

    async def wait(self, seconds: float = ANYWAY) -> None:
        """Until something was stored here, at most ANYWAY or `seconds`."""
        try:
            async with asyncio.timeout(min(seconds, ANYWAY)):
                await self._rung.wait()
        except TimeoutError:
            return
