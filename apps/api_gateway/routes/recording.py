"""What is noted of a request while it passes, for `why`."""

import time

import aiohttp
from starlette.types import Scope

from apps.api_gateway.domain import answers
from apps.api_gateway.domain.problems import ClientGone
from apps.api_gateway.domain.routing import Route
from apps.api_gateway.domain.why.evidence import Exchange, Failure
from apps.api_gateway.settings import Settings
from chassis import AppError, Mesh, current

_PATH = 200  # characters; enough to recognise a request, too little to fill the memory


class Recording:
    """One request, from its arrival to `exchange()`."""

    __slots__ = (
        "_airtable", "_at", "_began", "_callee", "_failure", "_first_byte", "_route", "_scope", "_status",
        "begun", "endless",
    )  # fmt: skip

    def __init__(self, scope: Scope, route: Route | None) -> None:
        self._at = time.time()
        self._began = time.perf_counter()
        self._scope = scope
        self._route = route
        self._status = ClientGone.status  # until there is an answer, the client's leaving is the only way out
        self._first_byte: float | None = None
        self._callee: float | None = None
        self._failure: Failure | None = None
        self._airtable: str | None = None
        self.begun = False  # something of the answer is with the client already
        self.endless = False

    def answered(self, response: aiohttp.ClientResponse) -> None:
        """The callee's headers are here."""
        self._first_byte = self._elapsed()
        self._status = response.status
        if self._route is not None:
            self._callee = answers.own_time(response.headers.get("server-timing"), self._route.app)

    def explained(self, response: aiohttp.ClientResponse, body: bytes) -> None:
        """The callee's error is here, whole."""
        if self._route is not None:
            self._failure, self._airtable = answers.failure(response.headers, body, self._route.app)

    def failed(self, error: AppError) -> None:
        """The gateway answers with this error itself."""
        self._status = error.status
        self._failure = Failure(error.code, error.service or Settings.APP, error.fault, error.detail)

    def exchange(self, mesh: Mesh) -> Exchange:
        """What is to be remembered; asks the mesh for the state of the breaker when the request failed."""
        context = current()
        total = self._elapsed()
        return Exchange(
            at=self._at,
            tenant=context.principal.tenant if context.principal else None,
            trace_id=context.trace_id,
            request_id=context.request_id,
            method=self._scope["method"],
            path=self._scope["path"][:_PATH],
            app=self._route.app if self._route else Settings.APP,
            status=self._status,
            # A stream is as slow as its beginning: it is meant to last.
            total=self._first_byte if self.endless and self._first_byte is not None else total,
            first_byte=self._first_byte,
            callee=self._callee,
            failure=self._failure,
            breaker=self._breaker(mesh) if self._status >= 400 else "closed",
            airtable=self._airtable,
        )

    def _breaker(self, mesh: Mesh) -> str:
        breaker = mesh.breakers().get(self._route.app) if self._route else None
        return str(breaker["state"]) if breaker else "closed"

    def _elapsed(self) -> float:
        return (time.perf_counter() - self._began) * 1000
