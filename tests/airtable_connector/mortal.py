"""A replica that dies between Airtable's commit and its own row: nothing it would have done after that is done."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from apps.airtable_connector.app import create
from apps.airtable_connector.clients import MergedCalls
from apps.airtable_connector.domain.calls import Call
from apps.airtable_connector.settings import Settings
from apps.airtable_connector.store import ReadCache
from chassis import Database
from chassis.testing import AppClient, FakeDapr
from chassis.testing._client import Reply
from tests.airtable_connector.conftest import FAST


class Killed(BaseException):
    """The process is no more; no `except Exception` of it sees that."""


class Mortal:
    def __init__(self, client: AppClient, database: str) -> None:
        self._client, self._database = client, database
        self._left = 0
        self._dead = False
        container = client.app.state.chassis.container
        for part, names in {
            Database: ("change", "read", "glance", "begun"),
            ReadCache: ("change",),
        }.items():
            for name in names:
                self._dies_with_us(container[part], name)
        writes = container[MergedCalls]
        send = writes.send

        async def last(call: Call, tenant: str) -> Any:
            answer = await send(call, tenant)
            self._left -= not call.read
            if self._left == 0 and not call.read:
                self._dead = True
                raise Killed
            return answer

        writes.send = last

    async def request(self, method: str, path: str, *, after: int = 1, **request: Any) -> Reply | None:
        """The answer, or None: killed when Airtable had done the `after`th change of the request."""
        self._left, self._dead = after, False
        try:
            return await self._client.request(method, path, **request)
        except Killed:
            return None
        finally:
            self._left, self._dead = 0, False

    async def time_is_over(self) -> None:
        """From now on it is certain that a replica that left something unfinished is no more."""
        connection = await asyncpg.connect(self._database)
        await connection.execute("UPDATE operations SET resolve_after = now() WHERE state = 'intended'")
        await connection.execute("UPDATE audit_outbox SET held_until = now() WHERE held_until IS NOT NULL")
        await connection.close()

    def _dies_with_us(self, part: Any, name: str) -> None:
        real = getattr(part, name)

        def call(*args: Any, **options: Any) -> Any:
            if self._dead:
                raise Killed
            return real(*args, **options)

        setattr(part, name, call)


@asynccontextmanager
async def mortal(url: str, dapr: FakeDapr, database: str, **extra: Any) -> AsyncIterator[Mortal]:
    app = create(Settings(airtable_url=url, **{**FAST, **extra}, **dapr.settings()))  # type: ignore[arg-type]
    async with AppClient(app, dapr.headers()).running() as client:
        yield Mortal(client, database)
