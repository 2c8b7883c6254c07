"""Periodic work, through Dapr's scheduler: a function that says when, and the route daprd calls when it is time.

The scheduler keeps the jobs, so a tick is one replica's, and one that fell due while the app was away comes when it is
back. Like an event, a tick can come twice: a job must be safe to run again.
"""

import asyncio
import inspect
import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar, get_type_hints

import aiohttp
import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ._context import acting, background
from ._errors import AppError
from ._health import Health
from ._logs import Log
from ._mesh import Mesh
from ._principal import Principal, service
from ._provide import Container
from ._spans import doing
from ._telemetry import Metrics

PATH = "/job/"  # daprd's, in front of the job's name
SECONDS = 60.0  # a run may take
START = 20.0  # seconds a tick waits for an app that is still starting
WAIT = 5.0  # seconds the scheduler has for an answer
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds between attempts to register
# A run that fails is tried again three times in half a minute; then the next tick is soon enough. What does not reach
# the app is not counted: the sidecar holds it back while the app does not answer its health checks.
FAILURE_POLICY = {"constant": {"interval": "10s", "maxRetries": 3}}
_SCHEDULE = re.compile(r"@every ([0-9]+(\.[0-9]+)?(ms|s|m|h))+|@(hourly|daily|weekly|monthly|yearly)|\S+( \S+){5}")
_MARK = "__job__"

Work = Callable[..., Awaitable[None]]
Function = TypeVar("Function", bound=Work)


def job(schedule: str, *, seconds: float = SECONDS) -> Callable[[Function], Function]:
    """Declare an `async def` as periodic work: `@every 1m`, `@daily`, or cron with seconds (`0 30 4 * * *`, UTC).

    It gets whatever is in `provide=[…]`, and a Principal if it asks for one: the app's own. It runs at most `seconds`,
    never twice at once in one process. Its name is the job's: renaming it is a new job, and the old one stays.
    Raises TypeError for another schedule.
    """
    if not _SCHEDULE.fullmatch(schedule):
        raise TypeError(f"{schedule!r} is no schedule: @every 1m, @daily, or six fields beginning with seconds")

    def declare(function: Function) -> Function:
        setattr(function, _MARK, (schedule, seconds))
        return function

    return declare


class Jobs:
    """The jobs of one app. Registering them never holds up the start: without a scheduler it serves all the same."""

    def __init__(
        self, functions: Iterable[Work], container: Container, mesh: Mesh, health: Health, metrics: Metrics, log: Log
    ) -> None:
        self._container = container
        self._mesh = mesh
        self._health = health
        self._metrics = metrics
        self._log = log
        self._jobs = {function.__name__.replace("_", "-"): function for function in functions}
        self._busy = {name: asyncio.Lock() for name in self._jobs}
        self._registering: asyncio.Task[None] | None = None
        for name, function in self._jobs.items():
            if not inspect.iscoroutinefunction(function) or not hasattr(function, _MARK):
                raise TypeError(f"{name} must be an `async def` under @job(…)")
            for parameter, kind in self._wanted(function).items():
                if kind is not Principal and kind not in container:
                    raise TypeError(f"{name} needs {parameter}, which is not in provide=[…]")

    def route(self) -> Route:
        async def tick(request: Request) -> Response:
            try:
                async with asyncio.timeout(START):
                    await self._health.started.wait()
            except TimeoutError:
                return Response(status_code=503)
            return Response(status_code=200 if await self.run(request.path_params["name"]) else 500)

        return Route(PATH + "{name}", tick, methods=["POST"])

    async def start(self) -> None:
        self._registering = asyncio.create_task(self._register_all())

    async def stop(self) -> None:
        if self._registering:
            self._registering.cancel()
            await asyncio.gather(self._registering, return_exceptions=True)

    async def run(self, name: str) -> bool:
        """Run a job now; whether it is done."""
        if name not in self._jobs:  # not taken out of the scheduler: while releases change, a newer replica may have it
            self._log.warning("job unknown", job=name, remedy=f"if no release has it: DELETE /v1.0/jobs/{name}")
            return False
        context = background(self._mesh.app_id, seconds=getattr(self._jobs[name], _MARK)[1])
        context.principal, context.flags = service(self._mesh.app_id), "01"
        try:
            with doing(context, f"job {name}", "internal", {}):
                async with self._busy[name], asyncio.timeout(context.remaining()):
                    await self._jobs[name](**self._values(self._jobs[name]))
        except Exception as error:  # a bug in a job costs this run, and nobody else anything
            problem = f"{error.code}: {error.detail}" if isinstance(error, AppError) else type(error).__name__
            with acting(context):
                self._log.error("job failed", job=name, problem=problem)
            self._metrics.job(name, done=False)
            return False
        self._metrics.job(name, done=True)
        return True

    async def _register_all(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                for name, function in self._jobs.items():
                    await self._register(name, getattr(function, _MARK)[0])
                return
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
                self._log.warning("jobs are not registered, will try again", problem=str(error) or type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE, 2 * pause)

    async def _register(self, name: str, schedule: str) -> None:
        """Overwritten only when it is another: that begins its period anew, at each start it would never end."""
        wanted: dict[str, Any] = {"schedule": schedule, "failurePolicy": FAILURE_POLICY}
        status, answer = await self._ask("POST", name, wanted)
        if status == 409:
            _, known = await self._ask("GET", name)
            if {field: orjson.loads(known).get(field) for field in wanted} == wanted:
                return
            status, answer = await self._ask("POST", name, wanted | {"overwrite": True})
        if status >= 300:
            raise ValueError(answer.decode(errors="replace")[:300])

    async def _ask(self, method: str, name: str, body: dict[str, Any] | None = None) -> tuple[int, bytes]:
        url = self._mesh.url(f"/v1.0/jobs/{name}")
        data = orjson.dumps(body) if body else None
        headers = {"content-type": "application/json"}
        async with (
            asyncio.timeout(WAIT),
            self._mesh.session.request(method, url, data=data, headers=headers) as response,
        ):
            return response.status, await response.read()

    def _values(self, function: Work) -> dict[str, Any]:
        return {
            name: service(self._mesh.app_id) if kind is Principal else self._container[kind]
            for name, kind in self._wanted(function).items()
        }

    @staticmethod
    def _wanted(function: Work) -> dict[str, Any]:
        return {name: kind for name, kind in get_type_hints(function).items() if name != "return"}
