"""The worker of Dapr's workflow extension: takes work over gRPC in its own threads, hands it to the app's loop."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from datetime import timedelta
from functools import partial
from typing import Any

import dapr.ext.workflow as wf
from dapr.conf import settings as dapr_settings
from dapr.ext.workflow._durabletask.task import NonRetryableError

from ._errors import AppError
from ._settings import AppSettings
from ._workflow import FIRST_PAUSE, Activity, Saga, Steps, Workflow

Run = Callable[[Activity, dict[str, Any]], Coroutine[Any, Any, Any]]
LONGEST_PAUSE = timedelta(minutes=5)


def runtime(
    settings: AppSettings,
    workflows: Iterable[Workflow],
    activities: Iterable[Activity],
    run: Run,
    loop: asyncio.AbstractEventLoop,
) -> wf.WorkflowRuntime:
    """A worker that is not started yet."""
    token = settings.dapr_api_token
    # The only way to tell: it reads this when it is made, and the environment when it is imported.
    dapr_settings.DAPR_API_TOKEN = token.get_secret_value() if token else None  # type: ignore[attr-defined]
    made = wf.WorkflowRuntime(host="127.0.0.1", port=str(settings.dapr_grpc_port))
    for workflow in workflows:
        made.register_workflow(compensated(workflow), name=workflow.__name__)
    for activity in activities:
        made.register_activity(on_loop(activity, run, loop), name=activity.__name__)
    return made


def compensated(workflow: Workflow) -> Callable[..., Steps]:
    def orchestrate(context: wf.DaprWorkflowContext, document: dict[str, Any]) -> Steps:
        saga = Saga(context, document["about"], policy)
        try:
            return (yield from workflow(saga, document["input"]))
        except Exception:
            yield from saga.take_back()
            raise

    return orchestrate


def on_loop(activity: Activity, run: Run, loop: asyncio.AbstractEventLoop) -> Callable[..., Coroutine[Any, Any, Any]]:
    """What the app provides belongs to its loop; the worker has another."""
    work = partial(run, activity)

    async def act(_: wf.WorkflowActivityContext, document: dict[str, Any]) -> Any:
        try:
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work(document), loop))
        except AppError as error:
            if error.status < 500 and error.status not in (408, 409, 425, 429):
                raise NonRetryableError(f"{error.code}: {error.detail}") from None  # it will say the same again
            raise RuntimeError(f"{error.code}: {error.detail}") from None

    return act


def policy(tries: int) -> wf.RetryPolicy:
    return wf.RetryPolicy(
        first_retry_interval=FIRST_PAUSE,
        max_number_of_attempts=tries,
        backoff_coefficient=2,
        max_retry_interval=LONGEST_PAUSE,
    )
