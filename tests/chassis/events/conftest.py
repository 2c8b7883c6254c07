"""note-service and reader-service on a real PostgreSQL, with a fake sidecar between them."""

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from chassis import Database, Principal, Secrets
from chassis._logs import Log
from chassis._mesh import Mesh
from chassis._telemetry import Metrics
from chassis.testing import AppClient, FakeDapr
from local.dapr_binaries import OTHER_BUSES, SLIM, obtain
from tests.postgres import NewDatabase, new_database, postgres

from .brokers import Broker, Kafka, Nats, Valkey
from .notes import reader, writer
from .real_bus import ALLOWED

__all__ = ["new_database", "postgres"]

BUS = os.environ.get("BUS", "redis")


@pytest.fixture(scope="session")
def dapr_binaries() -> Path:
    """A daprd of its own for the buses that the platform does not use: building one in takes a minute."""
    components = SLIM if BUS == "redis" else [*SLIM, *OTHER_BUSES]
    return obtain(components=components) / ".dapr" / "bin"


@pytest.fixture
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Broker:
    """The platform's own, or the one that `make test-bus` asks for."""
    folder = tmp_path / "real"
    folder.mkdir()
    topics = set().union(*ALLOWED.published.values())
    if BUS == "jetstream":
        return Nats(folder, topics)
    if BUS == "kafka":
        return Kafka(folder)
    return Valkey(request.getfixturevalue("valkey"), folder)


@pytest.fixture
def who() -> Principal:
    return Principal(user="developer", tenant="local")


@pytest_asyncio.fixture
async def writing(dapr: FakeDapr, new_database: NewDatabase) -> AsyncIterator[AppClient]:
    dapr.secrets["database-url/note-service"] = await new_database("note-service")
    async with AppClient(writer.create(writer.Settings(**dapr.settings())), dapr.headers()).running() as client:
        yield client


@pytest_asyncio.fixture
async def reading(dapr: FakeDapr, new_database: NewDatabase) -> AsyncIterator[AppClient]:
    dapr.secrets["database-url/reader-service"] = await new_database("reader-service")
    async with AppClient(reader.create(reader.Settings(**dapr.settings())), dapr.headers()).running() as client:
        await dapr.bus.connect(client.app)
        yield client


@pytest.fixture
def seen(reading: AppClient) -> reader.Seen:
    return reading.app.state.chassis.container[reader.Seen]


@pytest_asyncio.fixture
async def connect(dapr: FakeDapr, new_database: NewDatabase) -> AsyncIterator[Callable[[], Database]]:
    """`connect()` is one replica's way to note-service's database; no relay works on it."""
    dapr.secrets["database-url/note-service"] = await new_database("note-service")
    opened: list[tuple[Database, Mesh]] = []

    def one() -> Database:
        settings = writer.Settings(**dapr.settings())
        mesh = Mesh(settings)
        opened.append((Database(settings, Secrets(mesh), Log(settings.app_id), Metrics(settings.app_id)), mesh))
        return opened[-1][0]

    yield one
    for database, mesh in opened:
        await database.stop()
        await mesh.aclose()


@pytest_asyncio.fixture
async def db(connect: Callable[[], Database]) -> Database:
    database = connect()
    await database.start()
    return database
