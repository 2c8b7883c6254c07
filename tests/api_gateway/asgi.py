"""A client that can do what a polite one does not: send parts slowly, read part by part, leave early."""

import asyncio
from typing import Any
from urllib.parse import unquote

from fastapi import FastAPI

from tests.api_gateway.conftest import KEY


class Exchange:
    """One request under way. `say` what the client sends next, `hear` what the server sends next."""

    def __init__(self, app: FastAPI, method: str, raw_path: str, headers: dict[str, str]) -> None:
        self._sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        path, _, query = raw_path.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [
                (name.encode(), value.encode()) for name, value in {"authorization": f"Bearer {KEY}", **headers}.items()
            ],
            "http_version": "1.1",
            "scheme": "http",
            "root_path": "",
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        self.task = asyncio.create_task(app(scope, self._sent.get, self._heard.put))

    def say(self, body: bytes = b"", more: bool = False) -> None:
        self._sent.put_nowait({"type": "http.request", "body": body, "more_body": more})

    def leave(self) -> None:
        self._sent.put_nowait({"type": "http.disconnect"})

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(5):
            return await self._heard.get()

    async def end(self) -> None:
        async with asyncio.timeout(5):
            await self.task
