"""audit-service as the apps see it, and what it was told."""

import asyncio
from typing import Any

import orjson
from aiohttp import web
from fastapi import FastAPI

from .._trail import Trail, TrailOfRefusals
from ._peers import Seen

PATIENCE = 10.0  # seconds


class FakeAudit:
    """`entries` in the order they came, each once. An action in `refuses` is answered with a refusal.

    `available = False` fails as an audit-service does whose database is away.
    """

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.refuses: set[str] = set()
        self.available = True
        self._known: set[str] = set()

    @property
    def entries(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in self.lines]

    async def answer(self, seen: Seen, request: web.BaseRequest) -> web.StreamResponse:
        assert (seen.method, seen.path) == ("POST", "/ingest/entries"), seen
        if not self.available:
            return web.json_response({"status": 503}, status=503, headers={"x-trace-id": "0" * 31 + "1"})
        receipts = [self._receipt(line) for line in seen.body.splitlines()]
        return web.Response(body=orjson.dumps({"receipts": receipts}), content_type="application/json")

    def _receipt(self, line: bytes) -> dict[str, Any]:
        entry = orjson.loads(line)
        if entry["action"] in self.refuses:
            return {"id": entry["id"], "code": "invalid", "detail": "as the test wants it"}
        if entry["id"] not in self._known:
            self._known.add(entry["id"])
            self.lines.append(line)
        return {"id": entry["id"], "index": len(self.lines) - 1, "hash": "0" * 64}


class Audited:
    """The entries of the test's app, once all of them have left it."""

    def __init__(self, app: FastAPI, fake: FakeAudit) -> None:
        self._app, self._fake = app, fake

    async def entries(self) -> list[dict[str, Any]]:
        """Those whose outcome is settled."""
        container = self._app.state.chassis.container
        trail = container[TrailOfRefusals if TrailOfRefusals in container else Trail]
        async with asyncio.timeout(PATIENCE):
            while await trail.waiting():  # noqa: ASYNC110  its relay tells nobody
                await asyncio.sleep(0.01)
        return self._fake.entries

    async def only(self) -> tuple[str, str]:
        """(action, outcome) of the one entry there is; fails the test when there is none or another one."""
        entries = await self.entries()
        assert len(entries) == 1, entries
        return entries[0]["action"], entries[0]["outcome"]
