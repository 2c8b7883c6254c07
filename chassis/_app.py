"""`create_app`: an app from its settings, its routes and what it provides."""

import inspect
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from ._edge import Edge
from ._generations import Generations
from ._health import Check, Health
from ._jobs import Jobs, Work
from ._logs import Log
from ._mesh import Mesh
from ._openapi import describe
from ._principal import ServiceTokens, Verifier
from ._problem import add_handlers, as_problem
from ._provide import Container
from ._router import Router
from ._secrets import Secrets
from ._settings import AppSettings
from ._state import State
from ._subscriptions import Handle
from ._telemetry import Metrics, Telemetry
from ._workflow import Activity, Workflow, Workflows, input_of

if TYPE_CHECKING:
    from ._audit_relay import Outcomes


@dataclass(frozen=True, slots=True)
class Chassis:
    """What belongs to one app, reachable as `app.state.chassis`; nothing is kept anywhere else."""

    settings: AppSettings
    container: Container
    mesh: Mesh
    state: State
    secrets: Secrets
    health: Health
    log: Log
    metrics: Metrics
    telemetry: Telemetry


def create_app(
    settings: AppSettings,
    *,
    routers: Sequence[Router] = (),
    provide: Iterable[type] = (),
    public: bool = False,
    asgi: ASGIApp | type | None = None,
    refusal: type | None = None,
    beside: type | None = None,
    ready: Sequence[Check] = (),
    subscriptions: Sequence[Handle] = (),
    complete: Sequence[type] = (),
    jobs: Sequence[Work] = (),
    workflows: Sequence[Workflow] = (),
    activities: Sequence[Activity] = (),
    outcomes: type["Outcomes"] | None = None,
) -> FastAPI:
    """The FastAPI application of one service.

    `provide` are classes built once, wired by their `__init__` annotations (each other, the settings' class, `Mesh`,
    `State`, `Generations`, `Secrets`, `Log`, `aiohttp.ClientSession` for the outside world); their `async start()` and
    `stop()` run with the app, their `async ready()` and the checks in `ready` return what they wait for, or None.
    `subscriptions` are the functions under `@subscribe(…)`; an app that has any has a database.
    `complete` are the `EventSource`s of which its handlers get every event, also what the bus lost.
    `jobs` are the functions under `@job(…)`; `workflows` and their `activities` bring `Workflows`, which begins them.
    An app with an audited route has a database too. `outcomes` is the class that is asked how an effect outside ended
    when nobody wrote it down, for an app that uses `change.intend`; it belongs into `provide` as well.
    `public` is the gateway: no app token and no internal JWT are asked of its callers.
    `asgi` answers what no route does, past FastAPI: an ASGI callable, or a class in `provide` whose instances are one.
    `refusal` is a class in `provide` whose instances give errors their shape, `(AppError, Scope) -> Response`, whoever
    raised them: the edge, a route, `asgi`. Without it that is problem+json.
    `beside` is a class in `provide` whose instances answer on the telemetry port what that does not, past the mesh.
    Raises TypeError for a wrong declaration. Opens nothing: that is the lifespan's.
    """
    log = Log(settings.app_id, settings.log_level)
    metrics = Metrics(settings.app_id)
    mesh = Mesh(settings, metrics.call)
    metrics.watch(mesh)
    state, secrets = State(mesh), Secrets(mesh)
    mesh.own_token = ServiceTokens(settings.app_id, secrets).authorization
    given: dict[type, Any] = {
        type(settings): settings,
        AppSettings: settings,
        Mesh: mesh,
        State: state,
        Generations: Generations(state),
        Secrets: secrets,
        Log: log,
        Metrics: metrics,
    }
    fallback = asgi if isinstance(asgi, type) else None
    if subscriptions:
        from ._database import Database  # SQLAlchemy takes half a second: not for apps without a database

        provide = [*provide, Database, *complete]
    audited = public or any(route.audit for router in routers for route in router.declared)
    if audited:
        from ._audit_relay import AuditRelay, Sweeper, settle_audit_entries
        from ._database import Database
        from ._recorded import record
        from ._trail import Trail, TrailOfRefusals

        trail = TrailOfRefusals if public else Trail
        if public:
            given[Database] = Database(settings, secrets, log, metrics)  # not to be waited for
        provide = [*provide, *(() if public else (Database,)), trail, AuditRelay, *((Sweeper,) if outcomes else ())]
        jobs = [*jobs, settle_audit_entries] if outcomes else jobs
    if activities:
        provide = [*provide, Workflows]
    container = Container([*provide, *([fallback] if fallback else [])], [*given, aiohttp.ClientSession])
    for activity in activities:
        input_of(activity, container)  # says what is wrong before anything runs
    health = Health(mesh, log, ready)
    telemetry = Telemetry(settings, metrics, mesh, health.waits, (lambda: container[beside]) if beside else None)
    started_last: list[Any] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with aiohttp.ClientSession() as outside:
            built = container.build({**given, aiohttp.ClientSession: outside})
            if outcomes:
                container[Sweeper].outcomes = container[outcomes]
            if activities:
                container[Workflows].bind(workflows, activities, container, health)
            health.begin([*built, *started_last])
            try:
                yield
            finally:
                await health.end()
                await mesh.aclose()

    app = FastAPI(
        title=settings.app_id,
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None if public else "/openapi.json",  # the gateway's is the whole platform's
        redirect_slashes=False,
    )
    app.state.chassis = Chassis(settings, container, mesh, state, secrets, health, log, metrics, telemetry)
    answer = (lambda error, scope: container[refusal](error, scope)) if refusal else as_problem(settings.app_id)
    add_handlers(app, answer)
    app.add_middleware(
        Edge,
        settings=settings,
        public=public,
        log=log,
        metrics=metrics,
        health=health,
        verifier=Verifier(secrets.get),
        answer=answer,
        trail=(lambda: container[trail]) if audited else None,
    )
    for router in routers:
        # Not `include_router`: a router inside the router matches every path twice, 100 µs for twenty routes.
        routes = router.bind(container)
        if audited and not public:
            record(routes, lambda: container[trail])
        app.router.routes.extend(routes)
    app.router.routes.extend(container.routes())
    if subscriptions:
        from ._bus import receive

        started_last += receive(app, settings.app_id, subscriptions, complete, container, health, metrics, log)
    if jobs:
        periodic = Jobs(jobs, container, mesh, health, metrics, log)
        app.router.routes.append(periodic.route())
        started_last.append(periodic)
    if asgi is not None:
        app.router.default = _fallback(asgi, container)
    describe(app, settings)
    return app


def _fallback(asgi: ASGIApp | type, container: Container) -> Callable[[Scope, Receive, Send], Any]:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        target = container[asgi] if isinstance(asgi, type) else asgi
        await target(scope, receive, send)

    return answer if inspect.isclass(asgi) else asgi
