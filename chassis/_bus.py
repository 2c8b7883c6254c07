"""The routes through which daprd learns what an app subscribes to, and brings it."""

import asyncio
from collections.abc import Sequence

import orjson
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ._complete import Completeness, EventSource
from ._database import Database
from ._delivery import AGAIN, Delivery, subscriptions
from ._health import Health
from ._logs import Log
from ._provide import Container
from ._relay import BUS
from ._subscriptions import Handle, bind, listeners
from ._telemetry import Metrics

START = 20.0  # seconds an event waits for an app that is still starting


def receive(
    app: FastAPI,
    app_id: str,
    functions: Sequence[Handle],
    complete: Sequence[type],
    container: Container,
    health: Health,
    metrics: Metrics,
    log: Log,
) -> list[Completeness]:
    """Give `app` the routes for its subscriptions; returns what has to be started with it.

    Raises TypeError for a wrong declaration.
    """
    handlers = bind(functions, container)
    listening = listeners(functions, container)
    if both := handlers.keys() & listening.keys():
        raise TypeError(f"{', '.join(sorted(both))}: a topic has handlers or a listener, not both")
    told = orjson.dumps(subscriptions(app_id, handlers, listening, BUS))
    delivery = Delivery(app_id, lambda: container[Database], handlers, listening, metrics, log)

    async def subscribed(request: Request) -> Response:
        return Response(told, media_type="application/json")

    async def event(request: Request) -> Response:
        """No body: a JSON object with a `status` in it would tell daprd something."""
        body = await request.body()
        try:
            async with asyncio.timeout(START):
                await health.started.wait()
        except TimeoutError:
            return Response(status_code=AGAIN)
        return Response(status_code=await delivery.deliver(request.path_params["topic"], body))

    started: list[Completeness] = []
    if complete:

        def sources() -> list[EventSource]:
            return [container[source] for source in complete]

        keeper = Completeness(app_id, lambda: container[Database], sources, delivery.hand, metrics, log)
        delivery.handled = keeper.handled
        started.append(keeper)

    app.router.routes.append(Route("/dapr/subscribe", subscribed, methods=["GET"]))
    app.router.routes.append(Route("/dapr/events/{topic}", event, methods=["POST"]))
    return started
