"""An error in the shape its client understands: problem+json, or Airtable's own under Airtable-compatible routes."""

from starlette.types import Receive, Scope, Send

from apps.api_gateway.domain import airtable_shape
from apps.api_gateway.domain.routing import Route
from apps.api_gateway.settings import Settings
from chassis import AppError, current, render


async def refuse(error: AppError, route: Route | None, scope: Scope, receive: Receive, send: Send) -> None:
    if route is None or route.style == "problem":
        await render(error, service=Settings.APP, instance=scope["path"])(scope, receive, send)
        return
    current().error = error
    body = airtable_shape.body(error.status, error.detail)
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"x-platform-code", error.code.encode()),
        (b"x-platform-service", (error.service or Settings.APP).encode()),
        (b"x-platform-fault", error.fault.encode()),
        *((name.lower().encode(), value.encode("latin-1")) for name, value in error.headers.items()),
    ]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
