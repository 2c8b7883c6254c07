"""Takes what follows the log further, as soon as something was stored."""

import asyncio

from apps.event_processor.domain.catalogue import OWN
from apps.event_processor.service.bell import Bell
from apps.event_processor.service.projections import Projections
from apps.event_processor.service.triggering import Triggers
from chassis import AppError, Log, acting, background

PAUSE = 1.0  # seconds after a failure


class Pump:
    """One a process; replicas share the work, because who is at one holds its row."""

    def __init__(self, projections: Projections, triggers: Triggers, bell: Bell, log: Log) -> None:
        self._followers = (projections, triggers)
        self._bell, self._log = bell, log
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        with acting(background(OWN)):
            while True:
                try:
                    if not any([await follower.step() for follower in self._followers]):
                        await self._bell.wait()
                except AppError as error:
                    self._log.warning("what follows the log waits", problem=error.detail)
                    await asyncio.sleep(PAUSE)
                except Exception as error:  # a bug in one must not end all for good
                    self._log.error("what follows the log waits", problem=repr(error))
                    await asyncio.sleep(PAUSE)
