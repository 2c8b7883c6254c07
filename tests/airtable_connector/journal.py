"""What the connector tells: its outbox, before any relay."""

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import orjson
import pytest

Told = Callable[[], Awaitable[list[dict[str, Any]]]]


@pytest.fixture
def told(database: str) -> Told:
    """`await told()` are the events since it was last asked, in order."""
    seen: set[Any] = set()

    async def fresh() -> list[dict[str, Any]]:
        connection = await asyncpg.connect(database)
        try:
            rows = await connection.fetch("SELECT id, envelope FROM outbox ORDER BY id")
        finally:
            await connection.close()
        new = [row for row in rows if row["id"] not in seen]
        seen.update(row["id"] for row in new)
        return [orjson.loads(row["envelope"]) for row in new]

    return fresh
