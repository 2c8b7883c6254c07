"""Long-running processes on Dapr Workflow: steps that are done at least once, and taken back in reverse when one fails.

    def order(saga: Saga, new: NewOrder) -> Steps:
        paid = yield saga.step(pay, new, undo=refund)
        yield saga.step(ship, paid, undo=call_back)

Such a function is run again from its beginning after each step, with the answers it had: it reads no clock, draws no
number, does no I/O, and is never changed while one of its kind is under way (a new version is a new function). All that
is the activities' work: `async def` functions that get their input, `key: StepKey` to do it once by, and what is in
`provide=[…]`.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Generator, Iterable
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Literal, NewType, get_type_hints
from urllib.parse import quote

import orjson
from pydantic import TypeAdapter

from . import _dapr
from ._codes import WorkflowsUnavailable
from ._context import background, current, read_traceparent
from ._errors import AppError
from ._health import Health
from ._logs import Log
from ._mesh import Mesh
from ._principal import Principal
from ._provide import Container
from ._settings import AppSettings
from ._spans import doing
from ._uuid7 import uuid7

StepKey = NewType("StepKey", str)  # of one step of one workflow, the same however often it is tried, and for its undo
Activity = Callable[..., Awaitable[Any]]
Steps = Generator[Any, Any, Any]
Workflow = Callable[["Saga", Any], Steps]
SECONDS = 60.0  # an activity may take
TRIES, FIRST_PAUSE = 4, timedelta(seconds=1)
UNDO_TRIES = 100  # what is done must be taken back, even after hours
WAIT = 5.0  # seconds the workflow engine has for an answer


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a workflow is. `result` is what its function returned, `problem` why it failed."""

    status: Literal["running", "completed", "failed", "terminated", "suspended"]
    result: Any = None
    problem: str = ""


class Saga:
    """What a workflow's function is given."""

    def __init__(self, context: Any, about: dict[str, Any], policy: Callable[[int], Any]) -> None:
        self._context = context
        self._about = about
        self._policy = policy
        self._begun: list[tuple[Activity, Any, str]] = []
        self._count = 0
        self.id: str = context.instance_id

    def step(self, activity: Activity, value: Any, *, undo: Activity | None = None, tries: int = TRIES) -> Any:
        """To be yielded: the activity's answer, as JSON has it. Raises when it failed `tries` times.

        `undo` gets the same input and key when this or a later step fails. It also runs for a step that failed, which
        may have had its effect all the same: it must find out whether there is something to take back.
        """
        self._count += 1
        key = f"{self.id}/{self._count}-{activity.__name__}"
        if undo:
            self._begun.append((undo, value, key))
        return self._call(activity, value, key, tries)

    def wait(self, how_long: timedelta) -> Any:
        """To be yielded: nothing, later. It survives restarts."""
        return self._context.create_timer(how_long)

    def take_back(self) -> Steps:
        for undo, value, key in reversed(self._begun):
            yield self._call(undo, value, key, UNDO_TRIES)

    def _call(self, activity: Activity, value: Any, key: str, tries: int) -> Any:
        document = {"input": _plain(value), "key": key, "about": self._about}
        return self._context.call_activity(activity.__name__, input=document, retry_policy=self._policy(tries))


class Workflows:
    """The workflows of one app, for whoever names it. Comes with `create_app(workflows=[…], activities=[…])`."""

    def __init__(self, settings: AppSettings, mesh: Mesh, log: Log) -> None:
        self._settings = settings
        self._mesh = mesh
        self._log = log
        self._runtime: Any = None
        self._starting: asyncio.Task[None] | None = None

    def bind(
        self, workflows: Iterable[Workflow], activities: Iterable[Activity], container: Container, health: Health
    ) -> None:
        """What this app does, before it is started."""
        self._workflows, self._activities = tuple(workflows), tuple(activities)
        self._container, self._health = container, health

    async def begin(self, workflow: Workflow, value: Any, *, id: str = "") -> str:
        """Start `workflow` for the running request and its principal; its id. With an `id` that is known, nothing."""
        context = current()
        who = context.principal
        about = {"trace": context.traceparent, "request": context.request_id, "who": asdict(who) if who else None}
        document = orjson.dumps({"input": _plain(value), "about": about})
        id = id or str(uuid7())
        if await self.progress(id) is None:
            await self._ask("POST", f"/{quote(workflow.__name__)}/start?instanceID={quote(id, safe='')}", document)
        return id

    async def progress(self, id: str) -> Progress | None:
        """Where the workflow is; None when there is no such one."""
        found = await self._ask("GET", f"/{quote(id, safe='')}")
        if found is None or not found.get("createdAt"):
            return None
        properties = found.get("properties", {})
        output = properties.get("dapr.workflow.output")
        return Progress(
            {"PENDING": "running", "CANCELED": "terminated"}.get(status := found["runtimeStatus"], status.lower()),
            orjson.loads(output) if output else None,
            properties.get("dapr.workflow.failure.error_message", ""),
        )

    async def start(self) -> None:
        """Begin to take work. Without a scheduler that waits; the app serves all the same."""
        self._starting = asyncio.create_task(self._start(asyncio.get_running_loop()))

    async def stop(self) -> None:
        """What is under way is done again by whoever runs next."""
        if self._starting:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        if self._runtime:
            await asyncio.to_thread(self._runtime.shutdown)

    async def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        from ._workflow_runtime import runtime  # gRPC costs memory: only where workflows are

        while True:
            try:
                # A worker that finds nobody there would go on looking, in a thread that cannot be stopped.
                _, writer = await asyncio.open_connection("127.0.0.1", self._settings.dapr_grpc_port)
                writer.close()
                self._runtime = runtime(self._settings, self._workflows, self._activities, self._run, loop)
                await asyncio.to_thread(self._runtime.start)
                return
            except Exception as error:
                if self._runtime:
                    await asyncio.to_thread(self._runtime.shutdown)
                self._log.warning("workflows do not run yet, will try again", problem=repr(error)[:300])
                await asyncio.sleep(1)

    async def _run(self, activity: Activity, document: dict[str, Any]) -> Any:
        """One activity, on the app's own loop, in the trace and for the principal of whoever began it all."""
        await self._health.started.wait()
        about = document["about"]
        context = background(self._mesh.app_id, seconds=SECONDS)
        context.trace_id, context.span_id, context.flags, context.parent_id = read_traceparent(about["trace"])
        context.request_id, context.causation_id = about["request"], document["key"]
        if who := about["who"]:
            context.principal = Principal(**{**who, "scopes": tuple(who["scopes"])})
        context.idempotency_key = document["key"]
        with doing(context, f"step {activity.__name__}", "internal", {}):
            try:
                name, kind, provided = input_of(activity, self._container)
                special: dict[Any, Any] = {StepKey: document["key"], Principal: context.principal}
                values = {
                    each: special[wanted] if wanted in special else self._container[wanted]
                    for each, wanted in provided.items()
                }
                async with asyncio.timeout(SECONDS):
                    return _plain(
                        await activity(**{name: TypeAdapter(kind).validate_python(document["input"])}, **values)
                    )
            except Exception as error:
                problem = f"{error.code}: {error.detail}" if isinstance(error, AppError) else type(error).__name__
                self._log.warning("step failed", step=document["key"], problem=problem)
                raise

    async def _ask(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any] | None:
        url = self._mesh.url(f"/v1.0/workflows/dapr{path}")
        headers = {"content-type": "application/json"}
        try:
            async with (
                asyncio.timeout(WAIT),
                self._mesh.session.request(method, url, data=body, headers=headers) as response,
            ):
                status, answer = response.status, await response.read()
        except (OSError, TimeoutError) as error:
            raise self._unavailable(repr(error)) from None
        if method == "GET" and (status == 404 or b"no such instance" in answer):
            return None
        if status >= 300:
            raise self._unavailable(answer.decode(errors="replace")[:300])
        found: dict[str, Any] = orjson.loads(answer) if answer else {}
        return found

    def _unavailable(self, seen: str) -> WorkflowsUnavailable:
        self._log.warning("the workflow engine did not answer", problem=seen)
        return WorkflowsUnavailable("The workflow engine does not answer.", headers=_dapr.RETRY_SOON)


def input_of(activity: Activity, container: Container) -> tuple[str, Any, dict[str, Any]]:
    """(name and type of the parameter that is the input, the other parameters).

    Raises TypeError for what is no `async def` with one input.
    """
    if not inspect.iscoroutinefunction(activity):
        raise TypeError(f"activity {activity.__name__} must be an `async def`")
    hints = {name: kind for name, kind in get_type_hints(activity).items() if name != "return"}
    other = {name: kind for name, kind in hints.items() if kind in (StepKey, Principal) or kind in container}
    inputs = [name for name in hints if name not in other]
    if len(inputs) != 1:
        raise TypeError(f"activity {activity.__name__} needs one input, it has {', '.join(inputs) or 'none'}")
    return inputs[0], hints[inputs[0]], other


def _plain(value: Any) -> Any:
    return TypeAdapter(Any).dump_python(value, mode="json")
