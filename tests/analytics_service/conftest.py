"""The service in the test's own process, on a real database; FakeDapr plays its sidecar."""

import pytest_asyncio
from fastapi import FastAPI

from apps.analytics_service.app import create
from apps.analytics_service.settings import Settings
from chassis.testing import FakeDapr
from chassis.testing.fixtures import audit, client, dapr, peers
from tests.postgres import NewDatabase, new_database, postgres

__all__ = ["app", "audit", "client", "dapr", "new_database", "peers", "postgres"]


@pytest_asyncio.fixture
async def app(dapr: FakeDapr, new_database: NewDatabase) -> FastAPI:
    dapr.secrets["database-url/analytics-service"] = await new_database("analytics-service")
    return create(Settings(**dapr.settings(), quiet=0.1, slow=1000, samples=2))
