"""Takes what follows the log further, as soon as something was stored."""

import asyncio
from typing import Any

from apps.event_processor.domain.catalogue import OWN
from apps.event_processor.service.bell import Bell
from apps.event_processor.service.projections import Projections
from apps.event_processor.service.triggering import Triggers
from chassis import AppError, Database, Log, acting, background, service

PAUSE = 1.0  # seconds after a failure


class Pump:
    """One a process; replicas share the work, because who is at one holds its row. Neither kind waits for the other."""

    def __init__(self, db: Database, projections: Projections, triggers: Triggers, bell: Bell, log: Log) -> None:
        self._db, self._bell, self._log = db, bell, log
        self._followers = (projections, triggers)
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
                    async with self._db.read(service(OWN)) as read:
                        due = await follower.due(read)
                    for row in due:
                        await self._advance(follower, row)
                    if not due:
                        await self._bell.wait()
                except Exception as error:
                    problem = error.detail if isinstance(error, AppError) else repr(error)
                    self._log.warning("what follows the log waits", follower=type(follower).__name__, problem=problem)
                    await asyncio.sleep(PAUSE)

    async def _advance(self, follower: Projections | Triggers, row: Any) -> None:
        """A bug that one tenant's definition meets must not hold up everybody's."""
        who = service(OWN, row.tenant)
        try:
            async with self._db.change(who) as change:
                await follower.advance(change, row.name)
        except AppError:
            raise  # the way, which passes
        except Exception as error:
            self._log.error("a follower of the log failed", tenant=row.tenant, name=row.name, problem=repr(error))
            async with self._db.change(who) as change:
                await follower.fail(change, row.name, f"a bug of the platform: {type(error).__name__}")
