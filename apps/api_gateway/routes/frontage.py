"""What every answer carries, whoever made it: headers for browsers, and with an error the way to `why`."""

from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from apps.api_gateway.domain.cors import Cors
from apps.api_gateway.domain.headers import Header
from apps.api_gateway.routes.recording import Recording
from apps.api_gateway.settings import Settings
from apps.api_gateway.store import Memory
from chassis import Mesh

# An answer of an API is data: not to be guessed at, framed, or told to other sites as a referrer.
_SECURITY = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
)


class Frontage:
    """The outermost layer: answers preflights, which browsers send without a key, completes all other answers, and has
    every request remembered that was for an app or was refused."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._cors = Cors(settings.cors_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        origin = asked = None
        for name, value in scope["headers"]:
            if name == b"origin":
                origin = value
            elif name == b"access-control-request-method":
                asked = value
        if origin is not None and asked is not None and scope["method"] == "OPTIONS":
            headers = [*self._cors.preflight(origin), *_SECURITY]
            await send({"type": "http.response.start", "status": 204, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        record = scope["recording"] = Recording(scope)
        added = [*self._cors.answer(origin), *_SECURITY]

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                explained = _explained(message["headers"]) if message["status"] >= 400 else []
                message = {**message, "headers": [*message["headers"], *added, *explained]}
            await send(message)

        try:
            await self._app(scope, receive, complete)
        finally:
            if record.meant:
                container = scope["app"].state.chassis.container
                container[Memory].keep(record.exchange(container[Mesh]))


def _explained(headers: Iterable[Header]) -> list[Header]:
    return [(b"link", b'</api/v1/why/%b>; rel="help"' % value) for name, value in headers if name == b"x-trace-id"]
