"""note-service on a real PostgreSQL, with a fake audit-service behind a fake sidecar."""

from pathlib import Path

import pytest
import pytest_asyncio
from fastapi import FastAPI

from chassis.testing.fixtures import audit
from tests.postgres import NewDatabase, new_database, postgres

from .notes.app import Notes, create
from .notes.settings import Settings

__all__ = ["audit", "new_database", "postgres"]


@pytest_asyncio.fixture
async def database(dapr, new_database: NewDatabase) -> str:
    url = dapr.secrets["database-url/note-service"] = await new_database("note-service")
    return url


@pytest.fixture
def app(dapr, database: str, tmp_path: Path) -> FastAPI:
    return create(Settings(**dapr.settings() | {"platform_run_dir": str(tmp_path)}))


@pytest.fixture
def notes(client) -> Notes:
    return client.app.state.chassis.container[Notes]
