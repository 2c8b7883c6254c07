"""rate-limiter-service in the test's own process, on a real Valkey, its sidecar played by FakeDapr."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from fastapi import FastAPI

from apps.rate_limiter_service.app import create
from apps.rate_limiter_service.service import Governor
from apps.rate_limiter_service.settings import Settings
from apps.rate_limiter_service.store import Ledger
from chassis import Mesh, Secrets
from chassis.testing import FakeDapr
from chassis.testing.fixtures import client, dapr
from tests.valkey import PASSWORD, Valkey

__all__ = ["app", "client", "dapr"]


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path)
    server.start()
    server.looks_known()
    yield server
    server.kill()


@pytest.fixture
def extra() -> dict[str, Any]:
    """Settings a test wants different; override it there."""
    return {}


@pytest.fixture
def settings(dapr: FakeDapr, valkey: Valkey, extra: dict[str, Any]) -> Settings:
    dapr.secrets |= {"redis-host": valkey.host, "redis-password": PASSWORD}
    return Settings(**dapr.settings(), **extra)


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return create(settings)


class Replica:
    """One limiter: its own connection to Redis and its own queues."""

    def __init__(self, settings: Settings) -> None:
        self.mesh = Mesh(settings)
        self.ledger = Ledger(settings, Secrets(self.mesh))
        self.governor = Governor(settings, self.ledger)

    async def stop(self) -> None:
        await self.governor.stop()
        await self.ledger.stop()
        await self.mesh.aclose()


@pytest_asyncio.fixture
async def replicas(settings: Settings) -> AsyncIterator[tuple[Replica, Replica]]:
    """Two limiters on one Redis."""
    two = Replica(settings), Replica(settings)
    yield two
    for one in two:
        await one.stop()
