"""Work that goes in rounds: at once when there is something to do, after a rest otherwise, later while it fails."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from ._context import Context, enter
from ._errors import AppError
from ._logs import Log

FIRST_PAUSE = 0.2  # seconds after a round that failed; twice as long after the next
STOP = 0.3  # seconds


class Rounds:
    """Calls `work`, which answers how many seconds it may rest; setting `woken` ends a rest.

    Whatever it raises it is called again, after `longest_pause` seconds at most: what was committed must leave some
    day. The log has `failing` when that begins and `again` when it is over, not each time.
    """

    def __init__(
        self,
        work: Callable[[], Awaitable[float]],
        woken: asyncio.Event,
        log: Log,
        *,
        longest_pause: float,
        failing: str,
        again: str,
    ) -> None:
        self._work, self._woken, self._log = work, woken, log
        self._longest_pause, self._failing, self._again = longest_pause, failing, again
        self._task: asyncio.Task[None] | None = None
        self._problem = ""
        self._stopping = asyncio.Event()

    def start(self, context: Context) -> None:
        """Begin; every round runs in `context`."""
        self._task = asyncio.create_task(self._run(context))

    async def stop(self) -> None:
        """Finish the round that is under way, if that is soon: what is cut off in it is done again."""
        if self._task:
            self._stopping.set()
            self._woken.set()
            await asyncio.wait({self._task}, timeout=STOP)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, context: Context) -> None:
        enter(context)
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            self._woken.clear()
            try:
                rest = await self._work()
            except Exception as error:
                self._tell(error.detail if isinstance(error, AppError) else str(error) or repr(error))
                await _at_most(pause, self._stopping)
                pause = min(self._longest_pause, pause * 2)
                continue
            self._tell("")
            pause = FIRST_PAUSE
            await _at_most(rest, self._woken)

    def _tell(self, problem: str) -> None:
        if problem and not self._problem:
            self._log.warning(self._failing, problem=problem)
        elif self._problem and not problem:
            self._log.info(self._again)
        self._problem = problem


async def _at_most(seconds: float, event: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
