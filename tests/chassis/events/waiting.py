"""Waits for what another task or process does."""

import asyncio
import inspect


async def until(condition, seconds=10.0):
    """What `condition()`, plain or async, returns as soon as that is true."""
    async with asyncio.timeout(seconds):
        while True:
            found = condition()
            if inspect.isawaitable(found):
                found = await found
            if found:
                return found
            await asyncio.sleep(0.01)
