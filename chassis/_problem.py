"""RFC 9457 problem+json, rendered here and nowhere else."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from ._codes import BadRequest, InvalidRequest, MalformedJson, MethodNotAllowed, RequestTooLarge, UnknownRoute
from ._context import current_or_none
from ._errors import AppError, FieldError
from ._logs import redact

MEDIA_TYPE = "application/problem+json"
Answer = Callable[[AppError, Scope], Response]


def problem(error: AppError, *, service: str, instance: str) -> dict[str, Any]:
    """The members of `error`'s problem document. `service` is the app that answers, used when the error names none."""
    context = current_or_none()
    document: dict[str, Any] = {
        "type": f"/problems/{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": redact(error.detail),  # people send secrets to the wrong place, and show problems to others
        "instance": redact(instance),
        "code": error.code,
        "service": error.service or service,
        "fault": error.fault,
        "trace_id": context.trace_id if context else "",
    }
    if error.errors:
        document["errors"] = redact([field.as_json() for field in error.errors])
    return document


def render(error: AppError, *, service: str, instance: str) -> Response:
    """The answer for `error`, with its headers."""
    if context := current_or_none():
        context.error = error
    body = orjson.dumps(problem(error, service=service, instance=instance))
    return Response(body, error.status, headers=error.headers, media_type=MEDIA_TYPE)


def as_problem(app_id: str) -> Answer:
    """What errors are answered with by an app that has no shape of its own for them."""
    return lambda error, scope: render(error, service=app_id, instance=scope["path"])


def add_handlers(app: FastAPI, answer: Answer) -> None:
    """Have `app` answer every expected error. The unexpected is the edge's."""

    async def on_app_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, AppError)
        return answer(error, request.scope)

    async def on_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return answer(_of_validation(error.errors()), request.scope)

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return answer(_of_http(error, request), request.scope)

    app.add_exception_handler(AppError, on_app_error)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)


def _of_validation(errors: Sequence[Mapping[str, Any]]) -> AppError:
    if any(error["type"] == "json_invalid" for error in errors):
        return MalformedJson("The body is not valid JSON.")
    fields = [
        FieldError(".".join(str(part) for part in error["loc"][1:]), str(error["msg"]), str(error["loc"][0]))
        for error in errors
    ]
    named = ", ".join(dict.fromkeys(field.field or field.where for field in fields[:5]))
    return InvalidRequest(f"Correct these and send the request again: {named}.", errors=fields)


def _of_http(error: HTTPException, request: Request) -> AppError:
    if isinstance(error.__cause__, AppError):
        return error.__cause__  # FastAPI wraps what reading the body raised
    if error.status_code == 404:
        return UnknownRoute(f"There is no {request.url.path} here.")
    if error.status_code == 405:
        return MethodNotAllowed(f"{request.method} is not possible here.", headers=error.headers)
    if error.status_code == 413:
        return RequestTooLarge("The body is too large.")
    return BadRequest(str(error.detail))
