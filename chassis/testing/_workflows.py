"""The workflow engine of a fake sidecar: it runs an app's sagas in the test's own loop, and lets no time pass."""

import asyncio
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import orjson
from aiohttp import web
from fastapi import FastAPI

from .._workflow import Activity, Workflow, Workflows


class FakeWorkflows:
    """Runs what `connect`ed apps begin, by the rules of the real engine.

    A function is run again from its beginning after each step, with the answers it had; one that then asks for another
    step than before is not deterministic, and fails. Pauses between tries and timers are over at once.
    """

    def __init__(self) -> None:
        self.available = True
        self._workflows: dict[str, tuple[Workflow, Workflows]] = {}
        self._activities: dict[str, tuple[Activity, Workflows]] = {}
        self._found: dict[str, dict[str, Any]] = {}
        self._under_way: set[asyncio.Task[None]] = set()

    def connect(self, app: FastAPI) -> None:
        """Take work of a started app."""
        own: Workflows = app.state.chassis.container[Workflows]
        self._workflows |= {each.__name__: (each, own) for each in own._workflows}
        self._activities |= {each.__name__: (each, own) for each in own._activities}

    async def settled(self) -> None:
        """Wait until nothing is under way."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    def answer(self, method: str, path: list[str], query: str, body: bytes) -> web.StreamResponse:
        """What the workflow API answers."""
        match method, [unquote(part) for part in path]:
            case "POST", _ if not self.available:
                return _error(500, "ERR_START_WORKFLOW", "the state store is not configured to use the actor runtime")
            case "POST", [name, "start"] if name in self._workflows:
                self._begin(name, id := unquote(query.removeprefix("instanceID=")), orjson.loads(body))
                return web.json_response({"instanceID": id}, status=202)
            case "GET", [id] if id in self._found:
                return web.json_response({"instanceID": id, "createdAt": "2026-01-01T00:00:00Z", **self._found[id]})
            case "GET", _:
                return _error(404, "ERR_INSTANCE_ID_NOT_FOUND", "no such instance exists")
        return _error(500, "ERR_START_WORKFLOW", f"no worker has registered {path[0]}")

    def _begin(self, name: str, id: str, document: dict[str, Any]) -> None:
        self._found[id] = {"runtimeStatus": "RUNNING", "properties": {}}
        task = asyncio.create_task(self._run(name, id, document))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _run(self, name: str, id: str, document: dict[str, Any]) -> None:
        from .._workflow_runtime import compensated  # gRPC costs memory: only where workflows are

        workflow = compensated(self._workflows[name][0])
        history: list[tuple[_Step, Any]] = []
        try:
            while True:
                step = _replayed(workflow(_Context(id), document), history)
                history.append((step, await self._do(step)))
        except _Returned as done:
            output = {"dapr.workflow.output": orjson.dumps(done.value).decode()}
            self._found[id] = {"runtimeStatus": "COMPLETED", "properties": output}
        except Exception as error:
            properties = {"dapr.workflow.failure.error_message": str(error)}
            self._found[id] = {"runtimeStatus": "FAILED", "properties": properties}

    async def _do(self, step: "_Step") -> Any:
        """The answer of a step, or the exception that its workflow gets."""
        from dapr.ext.workflow._durabletask.task import NonRetryableError

        from .._workflow_runtime import on_loop

        if step.activity is None:
            return None
        activity, own = self._activities[step.activity]
        act = on_loop(activity, own._run, asyncio.get_running_loop())
        failed: Exception | None = None
        for _ in range(step.tries):
            try:
                return orjson.loads(orjson.dumps(await act(None, orjson.loads(step.document))))
            except NonRetryableError as error:
                return error
            except Exception as error:
                failed = error
        return failed


class _Step:
    """What a workflow yields."""

    def __init__(self, activity: str | None, document: bytes, tries: int = 1) -> None:
        self.activity, self.document, self.tries = activity, document, tries


class _Context:
    """What a workflow is given instead of the real engine's."""

    def __init__(self, instance_id: str) -> None:
        self.instance_id = instance_id

    def call_activity(self, name: str, *, input: Any, retry_policy: Any) -> _Step:
        return _Step(name, orjson.dumps(input), retry_policy.max_number_of_attempts)

    def create_timer(self, how_long: timedelta) -> _Step:
        return _Step(None, orjson.dumps(how_long.total_seconds()))


class _Returned(Exception):
    """The workflow has come to its end."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _replayed(steps: Any, history: list[tuple[_Step, Any]]) -> _Step:
    """The step after all that happened. Raises _Returned, and what the workflow raises."""
    try:
        step: _Step = next(steps)
        for before, answer in history:
            if (step.activity, step.document) != (before.activity, before.document):
                raise AssertionError(
                    f"not deterministic: {step.activity} is not the {before.activity} of the last time"
                )
            step = steps.throw(answer) if isinstance(answer, Exception) else steps.send(answer)
    except StopIteration as end:
        raise _Returned(end.value) from None
    return step


def _error(status: int, code: str, message: str) -> web.StreamResponse:
    return web.json_response({"errorCode": code, "message": message}, status=status)
