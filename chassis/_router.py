"""Routes as an app declares them: a function whose parameters say what it needs."""

import copy
import functools
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, get_type_hints

from fastapi import APIRouter
from fastapi.routing import APIRoute, request_response
from starlette.types import Scope

from ._body import JsonRoute
from ._context import current
from ._principal import Principal, principal
from ._provide import Container
from ._wire import SAFE

Endpoint = TypeVar("Endpoint", bound=Callable[..., Awaitable[Any]])


@dataclass(frozen=True, slots=True)
class Declared:
    """One route: everything `create_app` needs to make it part of an app."""

    method: str
    path: str
    endpoint: Callable[..., Awaitable[Any]]
    audit: str | None
    no_audit: str | None
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.path} ({self.endpoint.__module__}.{self.endpoint.__qualname__})"


class Router:
    """The routes of one file. Holds declarations only, so that several apps and tests can use the same router.

    An endpoint is `async def`; a parameter annotated `Principal` or with a class in `provide=[…]` is injected,
    every other parameter is FastAPI's (path, query, header, body). An unsafe route names what it writes to the
    audit trail (`audit="note.add"`) or why nothing (`no_audit="changes nothing"`). Further keywords are FastAPI's
    (`status_code`, `summary`, `responses` …).
    """

    def __init__(self, prefix: str = "", tags: list[str] | None = None) -> None:
        self.prefix = prefix
        self.tags = tags or []
        self.declared: list[Declared] = []
        self._made: dict[tuple[object, ...], APIRoute] = {}  # by number and the parameters that FastAPI sees

    def get(self, path: str, **options: Any) -> Callable[[Endpoint], Endpoint]:
        return self._route("GET", path, **options)

    def post(
        self, path: str, *, audit: str | None = None, no_audit: str | None = None, **options: Any
    ) -> Callable[[Endpoint], Endpoint]:
        return self._route("POST", path, audit, no_audit, **options)

    def put(
        self, path: str, *, audit: str | None = None, no_audit: str | None = None, **options: Any
    ) -> Callable[[Endpoint], Endpoint]:
        return self._route("PUT", path, audit, no_audit, **options)

    def patch(
        self, path: str, *, audit: str | None = None, no_audit: str | None = None, **options: Any
    ) -> Callable[[Endpoint], Endpoint]:
        return self._route("PATCH", path, audit, no_audit, **options)

    def delete(
        self, path: str, *, audit: str | None = None, no_audit: str | None = None, **options: Any
    ) -> Callable[[Endpoint], Endpoint]:
        return self._route("DELETE", path, audit, no_audit, **options)

    def _route(
        self, method: str, path: str, audit: str | None = None, no_audit: str | None = None, **options: Any
    ) -> Callable[[Endpoint], Endpoint]:
        def declare(endpoint: Endpoint) -> Endpoint:
            self.declared.append(Declared(method, self.prefix + path, endpoint, audit, no_audit, options))
            return endpoint

        return declare

    def bind(self, container: Container) -> list[APIRoute]:
        """These routes with their parameters filled from `container`. Raises TypeError for a wrong declaration."""
        bound = []
        for number, route in enumerate(self.declared):
            if route.method not in SAFE and bool(route.audit) == bool(route.no_audit):
                raise TypeError(f'{route} needs audit="…", or no_audit="reason", and not both')
            endpoint = inject(route, container)
            seen_by_fastapi = number, *inspect.signature(endpoint).parameters
            if seen_by_fastapi not in self._made:
                self._made[seen_by_fastapi] = self._make(route, endpoint)
            bound.append(_for_another_app(self._made[seen_by_fastapi], endpoint))
        return bound

    def _make(self, route: Declared, endpoint: Callable[..., Awaitable[Any]]) -> APIRoute:
        router = APIRouter(
            route_class=JsonRoute,
            redirect_slashes=False,
            generate_unique_id_function=lambda route: route.name,  # generated clients name their methods after it
        )
        options = {"tags": list(self.tags), **route.options, "openapi_extra": _documented(route)}
        router.add_api_route(route.path, endpoint, methods=[route.method], **options)
        (made,) = router.routes
        assert isinstance(made, APIRoute)
        made.declared = route  # type: ignore[attr-defined]  # asked by who writes of its requests
        return made


def _for_another_app(made: APIRoute, endpoint: Callable[..., Awaitable[Any]]) -> APIRoute:
    """The same route with its own endpoint. To make one anew takes milliseconds, and tests make thousands of apps."""
    route = copy.copy(made)
    route.endpoint = endpoint
    route.dependant = replace(made.dependant, call=endpoint)
    route.app = request_response(route.get_route_handler())
    return route


def _documented(route: Declared) -> dict[str, Any]:
    """What the OpenAPI document says beyond FastAPI's: what the operation writes to the audit trail, or why nothing."""
    told = {"x-audit": route.audit, "x-no-audit": route.no_audit}
    return {**route.options.get("openapi_extra", {}), **{name: text for name, text in told.items() if text}}


def unaudited(scope: Scope) -> bool:
    """Whether the request changes something by a route that says why it needs no audit entry."""
    route = getattr(scope.get("route"), "declared", None)
    return route is not None and route.no_audit is not None and route.method == scope["method"]


def inject(route: Declared, container: Container) -> Callable[..., Awaitable[Any]]:
    """The endpoint without its injected parameters, as FastAPI shall see it.

    A wrapper and not `Depends`: FastAPI resolves each dependency anew on each request, this is one dict lookup.
    """
    endpoint = route.endpoint
    if not inspect.iscoroutinefunction(endpoint):
        raise TypeError(f"{route} must be `async def`: a plain function would run in a thread, without its context")
    hints = get_type_hints(endpoint, include_extras=True)
    signature = inspect.signature(endpoint)
    wants_principal = [name for name, kind in hints.items() if kind is Principal and name != "return"]
    wanted = {name: kind for name, kind in hints.items() if name != "return" and _is_provided(kind, container)}
    visible = [
        parameter.replace(annotation=hints.get(name, parameter.annotation))
        for name, parameter in signature.parameters.items()
        if name not in wanted and name not in wants_principal
    ]

    @functools.wraps(endpoint)
    async def injected(**values: Any) -> Any:
        if (unit := current().unit) is not None:
            await unit.check()
        for name in wants_principal:
            values[name] = principal()
        for name, kind in wanted.items():
            values[name] = container[kind]
        return await endpoint(**values)

    injected.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=visible, return_annotation=hints.get("return", signature.return_annotation)
    )
    del injected.__wrapped__  # FastAPI would look through it
    return injected


def _is_provided(kind: Any, container: Container) -> bool:
    return isinstance(kind, type) and kind in container
