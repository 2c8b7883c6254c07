"""The OpenAPI document of an app: its routes, with every problem it can answer."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from ._errors import FAULTS, AppError
from ._problem import MEDIA_TYPE
from ._settings import AppSettings

PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": "What went wrong, whose fault it is and what to do about it (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "code", "service", "fault", "trace_id"],
    "properties": {
        "type": {"type": "string", "description": "Page that explains the code: `/problems/<code>`."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "For people: what to do."},
        "instance": {"type": "string"},
        "code": {"type": "string"},
        "service": {"type": "string", "description": "The app at fault, not the one that noticed."},
        "fault": {"type": "string", "enum": list(FAULTS)},
        "trace_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "title": "FieldProblem",
                "type": "object",
                "required": ["field", "in", "message"],
                "properties": {
                    "field": {"type": "string"},
                    "in": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
    },
}


def describe(app: FastAPI, settings: AppSettings) -> None:
    """Have `app` document itself at `/openapi.json`, made at first use."""
    package = type(settings).__module__.rpartition(".")[0]

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = with_problems(
                get_openapi(title=app.title, version=app.version, routes=app.routes),
                AppError.registry("chassis.", *([f"{package}."] if package else [])),
            )
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def with_problems(document: dict[str, Any], errors: dict[str, type[AppError]]) -> dict[str, Any]:
    """`document` with a response per error status on every operation, and the codes listed under `x-problems`."""
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = PROBLEM
    responses = components.setdefault("responses", {})
    by_status: dict[int, list[type[AppError]]] = {}
    for error in errors.values():
        by_status.setdefault(error.status, []).append(error)
    for status, kinds in sorted(by_status.items()):
        responses[f"Problem{status}"] = {
            "description": "; ".join(f"`{kind.code}` {kind.title}" for kind in kinds),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    for operations in document.get("paths", {}).values():
        for operation in operations.values():
            for status in by_status:
                declared = operation["responses"].get(str(status))
                if declared is None or status == 422:
                    operation["responses"][str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    document["x-problems"] = [
        {"code": e.code, "status": e.status, "title": e.title, "fault": e.fault} for e in errors.values()
    ]
    return document
