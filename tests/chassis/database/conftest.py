"""A database of a small app, on a real server."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from chassis import Database, Principal, Secrets
from chassis._logs import Log
from chassis._mesh import Mesh
from chassis._telemetry import Metrics
from chassis.testing import FakeDapr
from tests.postgres import NewDatabase, new_database, postgres

from .notes.settings import Settings
from .notes.store import NoteStore

__all__ = ["new_database", "postgres"]
Connect = Callable[..., Database]
WHO = Principal(user="developer", tenant="local")


@pytest.fixture
def who() -> Principal:
    return WHO


@pytest_asyncio.fixture
async def url(dapr: FakeDapr, new_database: NewDatabase) -> str:
    """The app's database, empty, at the address its secret tells."""
    address = await new_database("notes")
    dapr.secrets["database-url/note-service"] = address
    return address


@pytest_asyncio.fixture
async def connect(dapr: FakeDapr, url: str) -> AsyncIterator[Callable[..., Database]]:
    """`connect(database_pool=1)` is one replica's way to the database."""
    opened: list[tuple[Database, Mesh]] = []

    def one(**settings: Any) -> Database:
        chosen = Settings(**dapr.settings(), **settings)
        mesh = Mesh(chosen)
        database = Database(chosen, Secrets(mesh), Log(chosen.app_id), Metrics(chosen.app_id))
        opened.append((database, mesh))
        return database

    yield one
    for database, mesh in opened:
        await database.stop()
        await mesh.aclose()


@pytest_asyncio.fixture
async def db(connect: Connect) -> Database:
    """The migrated database."""
    database = connect()
    await database.start()
    return database


@pytest.fixture
def notes(db: Database) -> NoteStore:
    return NoteStore(db)
