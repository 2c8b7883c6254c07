"""Serves both planes in one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn

from sandbox.airtable.admin import AdminApp
from sandbox.airtable.app import AirtableApp
from sandbox.airtable.state import Sandbox


class _Server(uvicorn.Server):
    """Leaves signals to `Servers`: two servers in one loop must stop together."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Servers:
    """The sockets are bound by the caller, so that a taken port is reported before anything starts."""

    def __init__(self, sandbox: Sandbox, api: socket.socket, admin: socket.socket) -> None:
        self._planes = [(_server(AirtableApp(sandbox)), api), (_server(AdminApp(sandbox)), admin)]

    def stop(self) -> None:
        for server, _ in self._planes:
            server.should_exit = True

    async def serve(self) -> None:
        await asyncio.gather(*(server.serve(sockets=[bound]) for server, bound in self._planes))

    def run(self) -> None:
        """Until `stop` is called from a signal handler or another thread."""
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(self.serve())


def bind(host: str, port: int) -> socket.socket:
    """Raises OSError when the address is taken or not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        # From here on connections wait for the server instead of being refused.
        bound.listen(1024)
    except OSError:
        bound.close()
        raise
    return bound


def url_of(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _server(app: Any) -> _Server:
    return _Server(
        uvicorn.Config(
            app,
            http="httptools",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_level="error",
            access_log=False,
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=2,
        )
    )


def _loop_factory() -> Any:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
