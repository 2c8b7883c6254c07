"""A route as Airtable's clients use it: addressed by raw path, refused in Airtable's words."""

import inspect
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote, unquote

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from apps.airtable_connector.domain import shapes
from apps.airtable_connector.routes.connections import HEADER
from apps.airtable_connector.service import choose
from apps.airtable_connector.settings import Settings
from chassis import AppError, current

_AS_SENT = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) != "#")


class AirtableRoute(APIRoute):
    """Matches the path as it came: a table may be called `T 1/2`, sent as `T%201%2F2`, and airtable.js ends paths in
    `/`. So path parameters stay percent-encoded, ready to be sent on."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or not scope["path"].startswith("/v0/"):
            return Match.NONE, {}
        match, child = super().matches({**scope, "path": as_sent(scope.get("raw_path") or scope["path"].encode())})
        parameters = child.get("path_params", {})
        if "base" in parameters and not parameters["base"].startswith("app"):
            return Match.NONE, {}  # /v0/meta/… is no base called meta
        if any(unquote(value) in {".", ".."} for value in parameters.values() if isinstance(value, str)):
            return Match.NONE, {}
        return match, child

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Calls the endpoint with the request and the path as they are: FastAPI has nothing to validate here, and a
        third of what a cached answer costs was its trying."""
        endpoint: Callable[..., Coroutine[Any, Any, Response]] = self.endpoint
        takes_request = "request" in inspect.signature(endpoint).parameters

        async def in_airtables_words(request: Request) -> Response:
            values = dict(request.path_params)
            choose(request.headers.get(HEADER, ""))
            if takes_request:
                values["request"] = request
            try:
                return await endpoint(**values)
            except AppError as error:
                return refusal(error)

        return in_airtables_words


def as_sent(raw: bytes, safe: str = _AS_SENT) -> str:
    """Raw path or query as it can be sent on: what is encoded stays so, what should have been is."""
    return quote(raw.split(b"?")[0], safe=safe).rstrip("/")


def query_as_sent(raw: bytes) -> str:
    return quote(raw, safe=_AS_SENT)


def refusal(error: AppError) -> Response:
    """Airtable's own answer byte for byte where it gave one, ours in its shape otherwise; what we know in headers."""
    current().error = error
    headers = {
        **error.headers,
        "x-platform-code": error.code,
        "x-platform-service": error.service or Settings.APP,
        "x-platform-fault": error.fault,
    }
    answer = getattr(error, "answer", None)
    if answer is not None and answer.body:
        headers = {**answer.headers, **headers}
        return Response(answer.body, answer.status, headers, media_type=answer.content_type or None)
    status = answer.status if answer is not None else error.status
    return Response(shapes.airtable_error(error.code, error.detail), status, headers, media_type="application/json")
