"""The service in the test's own process, on a real database; FakeDapr plays its sidecar and its bus."""

import pytest_asyncio
from fastapi import FastAPI

from apps.schema_service.app import create
from apps.schema_service.settings import Settings
from chassis.testing import FakeDapr
from chassis.testing.fixtures import audit, client, dapr, peers
from tests.postgres import NewDatabase, new_database, postgres

__all__ = ["app", "audit", "client", "dapr", "new_database", "peers", "postgres"]


@pytest_asyncio.fixture
async def app(dapr: FakeDapr, new_database: NewDatabase) -> FastAPI:
    dapr.secrets["database-url/schema-service"] = await new_database("schema-service")
    app = create(Settings(**dapr.settings()))
    await dapr.bus.connect(app)
    return app
