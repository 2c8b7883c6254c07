"""The way past FastAPI for what is routed: its router would first try each of the gateway's own routes."""

from starlette.types import ASGIApp, Receive, Scope, Send

from apps.api_gateway.routes.proxy import OWN_PATHS, Proxy
from apps.api_gateway.settings import Settings


class Shortcut:
    """The innermost layer. What it does not take goes to FastAPI, and from there to the proxy as unknown."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._table = settings.table

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] == "http"
            and self._table.match(scope["raw_path"].decode("latin-1")) is not None
            and not scope["path"].startswith(OWN_PATHS)
        ):
            await scope["app"].state.chassis.container[Proxy](scope, receive, send)
        else:
            await self._app(scope, receive, send)
