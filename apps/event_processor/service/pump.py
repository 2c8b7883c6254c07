"""Takes what follows the log further, as soon as something was stored."""

import asyncio

from apps.event_processor.domain.catalogue import OWN
from apps.event_processor.service.bell import Bell
from apps.event_processor.service.projections import Projections
from apps.event_processor.service.triggering import Triggers
from chassis import AppError, Log, acting, background

PAUSE = 1.0  # seconds after a failure


class Pump:
    """One a process; replicas share the work, because who is at one holds its row. Neither kind waits for the other."""

    def __init__(self, projections: Projections, triggers: Triggers, bell: Bell, log: Log) -> None:
        self._followers = (projections, triggers)
        self._bell, self._log = bell, log
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self._tasks = [asyncio.create_task(self._run(follower)) for follower in self._followers]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, follower: Projections | Triggers) -> None:
        with acting(background(OWN)):
            while True:
                try:
                    if not await follower.step():
                        await self._bell.wait()
                except Exception as error:  # a bug in one must not end all for good
                    problem = error.detail if isinstance(error, AppError) else repr(error)
                    self._log.warning("what follows the log waits", follower=type(follower).__name__, problem=problem)
                    await asyncio.sleep(PAUSE)
