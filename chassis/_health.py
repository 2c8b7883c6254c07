"""Coming up, being ready, going down: what an app waits for, in words."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp

from ._context import background, enter, leave
from ._errors import AppError
from ._logs import Log
from ._mesh import Mesh
from ._settings import AppSettings, ConfigError

Check = Callable[[], Awaitable[str | None]]
POLL = 0.05  # seconds between looks at a sidecar that is still starting
PROBE = 0.5  # seconds a look may take
STOP = 0.5  # seconds one `stop()` may take
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0  # seconds between attempts of a `start()` that failed


@cache
def size_of(settings: type[AppSettings]) -> int:
    """The lines of Python in the app's folder, which is where its settings are."""
    folder = Path(str(sys.modules[settings.__module__].__file__)).parent
    return sum(len(path.read_bytes().splitlines()) for path in folder.rglob("*.py"))


class Health:
    """Starts the provided objects behind the open port, and says at any time what is still missing.

    The port must be open before the sidecar counts the app as there, so nothing here blocks the listening: `begin`
    returns at once, `started` is set when the sidecar's outbound side was healthy once and every `start()` returned.
    """

    def __init__(self, mesh: Mesh, log: Log, checks: Sequence[Check]) -> None:
        self._mesh = mesh
        self._log = log
        self._checks = list(checks)
        self._objects: list[Any] = []
        self._running: list[Any] = []
        self._task: asyncio.Task[None] | None = None
        self._waits: list[str] = ["its sidecar"]
        self.started = asyncio.Event()
        self.refusal: ConfigError | None = None  # why this app will never be ready as it is configured
        self.refused = asyncio.Event()

    def begin(self, objects: list[Any]) -> None:
        self._objects = objects
        self._checks += [each.ready for each in objects if callable(getattr(each, "ready", None))]
        self._task = asyncio.create_task(self._start())

    def waits(self) -> list[str]:
        """What starting still waits for; empty once started."""
        return [] if self.started.is_set() else list(self._waits)

    async def missing(self) -> list[str]:
        """What this app needs and does not have right now; empty when it can serve."""
        if not self.started.is_set():
            return list(self._waits)
        found = [] if await self._sidecar_is_healthy() else ["its sidecar"]
        for check in self._checks:
            try:
                async with asyncio.timeout(PROBE):
                    problem = await check()
            except AppError as error:
                problem = error.detail
            except TimeoutError:
                problem = f"{getattr(check, '__qualname__', 'a check')} (no answer within {PROBE} s)"
            if problem:
                found.append(problem)
        return found

    def breakers(self) -> dict[str, str]:
        """Callee → state, of the breakers that are not closed."""
        return {app: each["state"] for app, each in self._mesh.breakers().items() if each["state"] != "closed"}

    async def end(self) -> None:
        """Stop what was started, last first."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for each in reversed(self._running):
            stop = getattr(each, "stop", None)
            if not callable(stop):
                continue
            try:
                async with asyncio.timeout(STOP):
                    await stop()
            except Exception as error:
                self._log.warning("stop failed", object=type(each).__name__, problem=repr(error))

    async def _start(self) -> None:
        token = enter(background(self._mesh.app_id))
        try:
            began = time.monotonic()
            while not await self._sidecar_is_healthy():  # noqa: ASYNC110  another process has no Event
                await asyncio.sleep(POLL)
            for each in self._objects:
                if callable(getattr(each, "start", None)):
                    await self._start_one(each)
                self._running.append(each)
            self._waits = []
            self.started.set()
            self._log.info("started", seconds=round(time.monotonic() - began, 3))
        except ConfigError as refusal:
            self.refusal, self._waits = refusal, [str(refusal)]
            self.refused.set()
        finally:
            leave(token)

    async def _start_one(self, each: Any) -> None:
        pause = FIRST_PAUSE
        while True:
            name = type(each).__name__
            self._waits = [name]
            try:
                await each.start()
                return
            except ConfigError:
                raise  # trying again will not help
            except AppError as error:
                problem = error.detail
            except Exception as error:
                problem = repr(error)
            self._waits = [f"{name} ({problem})"]
            self._log.warning("start failed, will try again", object=name, problem=problem)
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE, pause * 2)

    async def _sidecar_is_healthy(self) -> bool:
        try:
            async with (
                asyncio.timeout(PROBE),
                self._mesh.session.get(self._mesh.url("/v1.0/healthz/outbound")) as response,
            ):
                return response.status < 300
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False
