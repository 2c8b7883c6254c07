"""event-processor in the test's own process, on a real PostgreSQL, its sidecar played by FakeDapr."""

from collections.abc import Callable

import pytest
import pytest_asyncio
from fastapi import FastAPI

from apps.event_processor.app import create
from apps.event_processor.domain import catalogue
from apps.event_processor.settings import Settings
from chassis import Principal
from chassis.testing import AppClient, FakeDapr
from chassis.testing.fixtures import audit, client, dapr, peers
from tests.event_processor.arriving import Arriving
from tests.postgres import NewDatabase, new_database, postgres

__all__ = ["audit", "client", "dapr", "new_database", "peers", "postgres"]


@pytest_asyncio.fixture
async def database(dapr: FakeDapr, new_database: NewDatabase) -> str:
    url = dapr.secrets["database-url/event-processor"] = await new_database("event-processor")
    return url


@pytest.fixture(autouse=True)
def silent_owners(dapr: FakeDapr) -> None:
    """Nobody has events to hand over, unless a test says so."""
    for owner in catalogue.owners():
        dapr.peers[owner].answers(404, method="GET")


@pytest.fixture
def app(dapr: FakeDapr, database: str) -> FastAPI:
    return create(Settings(**dapr.settings()))


@pytest_asyncio.fixture
async def arriving(client: AppClient, dapr: FakeDapr) -> Arriving:
    """What the bus brings to the running app."""
    await dapr.bus.connect(client.app)
    return Arriving(dapr.bus)


@pytest.fixture
def acting_as(client: AppClient, dapr: FakeDapr) -> Callable[[Principal], AppClient]:
    """The same app, called on behalf of somebody else."""

    def caller(who: Principal) -> AppClient:
        token = dapr.token(who.user, who.tenant, who.scopes)
        return AppClient(client.app, {**dapr.headers(), "authorization": f"Bearer {token}"})

    return caller
