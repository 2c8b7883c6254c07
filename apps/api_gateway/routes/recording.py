"""What is noted of a request while it passes, for `why`."""

import time

import aiohttp
from starlette.types import Scope

from apps.api_gateway.domain import answers
from apps.api_gateway.domain.headers import shown_key
from apps.api_gateway.domain.problems import ClientGone
from apps.api_gateway.domain.routing import Route
from apps.api_gateway.domain.why.evidence import Exchange, Failure
from apps.api_gateway.settings import Settings
from chassis import AppError, Context, Mesh, current, redact

_PATH = 200  # characters; enough to recognise a request, too little to fill the memory


class Recording:
    """One request, from its arrival to `exchange()`."""

    __slots__ = (
        "_airtable", "_at", "_began", "_callee", "_context", "_failure", "_first_byte", "_scope", "_status",
        "endless", "route",
    )  # fmt: skip

    def __init__(self, scope: Scope) -> None:
        self._at = time.time()
        self._began = time.perf_counter()
        self._scope = scope
        self._context: Context | None = None
        self.route: Route | None = None
        self._status = ClientGone.status  # until there is an answer, the client's leaving is the only way out
        self._first_byte: float | None = None
        self._callee: float | None = None
        self._failure: Failure | None = None
        self._airtable: str | None = None
        self.endless = False

    @property
    def meant(self) -> bool:
        """Whether it is a request to be remembered: one for an app, or one that was refused."""
        return self._context is not None

    def routed(self, route: Route | None) -> None:
        """Where it is to go, or would have gone."""
        self.route, self._context = route, current()
        self._scope["routed_to"] = route.prefix if route else "(none)"  # for the audit entry of a refusal

    def answered(self, response: aiohttp.ClientResponse) -> None:
        """The callee's headers are here."""
        self._first_byte = self._elapsed()
        self._status = response.status
        if self.route is not None:
            self._callee = answers.own_time(response.headers.get("server-timing"), self.route.app)

    def explained(self, response: aiohttp.ClientResponse, body: bytes) -> Failure | None:
        """The callee's error is here, whole: what it says of itself."""
        if self.route is not None:
            self._failure, self._airtable = answers.failure(response.headers, body, self.route.app)
        return self._failure

    def exchange(self, mesh: Mesh) -> Exchange:
        """What is to be remembered; asks the mesh for the state of the breaker when the request failed."""
        context, failure, status = self._context, self._failure, self._status
        assert context is not None
        if error := context.error:  # the gateway answers with this error itself
            failure, status = failure_of(error), error.status
        total = self._elapsed()
        known = context.principal
        return Exchange(
            at=self._at,
            tenant=known.tenant if known else None,
            trace_id=context.trace_id,
            request_id=context.request_id,
            method=self._scope["method"],
            path=redact(self._scope["path"][:_PATH]),
            app=self.route.app if self.route else Settings.APP,
            status=status,
            # A stream is as slow as its beginning: it is meant to last.
            total=self._first_byte if self.endless and self._first_byte is not None else total,
            first_byte=self._first_byte,
            callee=self._callee,
            failure=failure,
            breaker=self._breaker(mesh) if status >= 400 else "closed",
            airtable=self._airtable,
            key=None if known else shown_key(self._scope["headers"]),
        )

    def _breaker(self, mesh: Mesh) -> str:
        breaker = mesh.breakers().get(self.route.app) if self.route else None
        return str(breaker["state"]) if breaker else "closed"

    def _elapsed(self) -> float:
        return (time.perf_counter() - self._began) * 1000


def failure_of(error: AppError) -> Failure:
    return Failure(error.code, error.service or Settings.APP, error.fault, error.detail)
