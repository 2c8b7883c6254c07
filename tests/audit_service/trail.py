"""The trail in a test's hands."""

from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import uuid4

import asyncpg

from chassis.testing import AppClient, FakeDapr
from chassis.testing._client import Reply
from contracts.audit_service import Entry, canonical, entry_id

SENDER = "note-service"


class Urls(NamedTuple):
    """Of the app's role, and of the role that owns the tables."""

    app: str
    owner: str


def an_entry(**changes: Any) -> bytes:
    """The canonical bytes of an entry of `note-service`."""
    request_id = changes.get("request_id") or uuid4().hex
    action = changes.get("action", "note.add")
    values = {
        "id": entry_id(request_id, action, "1"),
        "tenant": "local",
        "occurred_at": "2026-11-25T16:00:00.000000Z",
        "action": action,
        "outcome": "succeeded",
        "actor": {"type": "user", "id": "developer"},
        "service": SENDER,
        "targets": [{"type": "record", "id": "recA0000000000001"}],
        "request_id": request_id,
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "context": {"method": "POST", "route": "/api/v1/notes"},
        "metadata": {"title": "Quarterly review"},
        **changes,
    }
    return canonical(Entry.model_validate(values))


class Trail:
    def __init__(self, client: AppClient, dapr: FakeDapr, urls: Urls) -> None:
        self.client = client
        self.dapr = dapr
        self.urls = urls

    async def hand_in(self, lines: Iterable[bytes], caller: str = SENDER) -> Reply:
        headers = {**self.dapr.headers_from(caller), "content-type": "application/x-ndjson"}
        return await self.client.post("/ingest/entries", body=b"\n".join(lines), headers=headers)

    async def fill(self, count: int, **changes: Any) -> list[dict[str, Any]]:
        """`count` new entries; their receipts."""
        receipts: list[dict[str, Any]] = []
        for start in range(0, count, 200):
            reply = await self.hand_in([an_entry(**changes) for _ in range(min(200, count - start))])
            assert reply.status == 200, reply.body
            receipts += reply.json()["receipts"]
        return receipts

    async def as_owner(self, statement: str, *values: Any) -> list[Any]:
        """Run SQL as the owner of the tables may."""
        return await self._run(self.urls.owner, statement, values)

    async def as_app(self, statement: str, *values: Any) -> list[Any]:
        return await self._run(self.urls.app, statement, values)

    async def _run(self, url: str, statement: str, values: tuple[Any, ...]) -> list[Any]:
        connection = await asyncpg.connect(url)
        try:
            return list(await connection.fetch(statement, *values))
        finally:
            await connection.close()
