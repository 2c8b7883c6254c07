"""The connector in this process, before a fake sidecar, in front of a simulated or a scripted Airtable."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from fastapi import FastAPI

from apps.airtable_connector.app import create
from apps.airtable_connector.settings import Settings
from apps.rate_limiter_service.app import create as rate_limiter
from apps.rate_limiter_service.settings import Settings as RateLimiterSettings
from chassis.testing import AppClient, FakeDapr
from chassis.testing.fixtures import audit, client, dapr
from sandbox.airtable.embedded import Running, running
from tests.airtable_connector.place import Place, seed
from tests.airtable_connector.scripted import ScriptedAirtable
from tests.postgres import NewDatabase, new_database, postgres
from tests.valkey import PASSWORD, Valkey

__all__ = ["audit", "client", "dapr", "new_database", "postgres"]

TOKEN = "patTest0000000001." + "0" * 64
FAST: dict[str, Any] = {
    "allow_writes": True,
    "before_images": "never",  # its reads are a matter of their own tests
}
FAST_LIMITS: dict[str, Any] = {"base_rate": 100, "token_rate": 1_000}


@pytest.fixture(scope="session")
def simulator() -> Iterator[Running]:
    """The simulated Airtable, without limits, for all tests."""
    with running(seed(), limits="off") as airtable:
        yield airtable


@pytest.fixture
def sandbox(simulator: Running) -> Running:
    """The same as it was seeded."""
    simulator.sandbox.reset(None)
    return simulator


@pytest.fixture
def place(sandbox: Running) -> Place:
    """A table to work in."""
    return Place(sandbox)


@pytest_asyncio.fixture
async def airtable(limiter: AppClient) -> AsyncIterator[ScriptedAirtable]:
    """An Airtable that answers what the test says."""
    async with ScriptedAirtable() as scripted:
        yield scripted


@pytest.fixture
def extra() -> dict[str, Any]:
    """Settings a test module wants different; override it there."""
    return {}


@pytest.fixture
def url(sandbox: Running) -> str:
    """Which Airtable the app talks to: the simulated one unless a test module says otherwise."""
    return sandbox.url


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def limits() -> dict[str, Any]:
    """The limiter's settings; override it where Airtable's real limit matters."""
    return FAST_LIMITS


@pytest.fixture
def fresh(valkey: Valkey) -> None:
    """What the limiter remembers: nothing was sent lately. Override it where Airtable remembers more."""
    valkey.looks_known()


@pytest_asyncio.fixture
async def limiter(dapr: FakeDapr, valkey: Valkey, limits: dict[str, Any], fresh: None) -> AsyncIterator[AppClient]:
    """The real rate-limiter-service on a real Valkey, behind the fake mesh."""
    dapr.secrets |= {"redis-host": valkey.host, "redis-password": PASSWORD}
    app = rate_limiter(RateLimiterSettings(**dapr.settings(), **limits))
    settings = app.state.chassis.settings
    dapr.peers["rate-limiter-service"].serves(app, settings.app_api_token.get_secret_value(), "airtable-connector")
    async with AppClient(app, dapr.headers()).running() as running:
        yield running


@pytest_asyncio.fixture
async def database(dapr: FakeDapr, new_database: NewDatabase) -> str:
    """The address of the app's database, empty, where the app finds it."""
    url = dapr.secrets["database-url/airtable-connector"] = await new_database("airtable-connector")
    return url


@pytest.fixture
def app(dapr: FakeDapr, url: str, extra: dict[str, Any], database: str, limiter: AppClient) -> FastAPI:
    dapr.secrets["airtable/local/default"] = TOKEN
    return create(Settings(airtable_url=url, **{**FAST, **extra}, **dapr.settings()))
