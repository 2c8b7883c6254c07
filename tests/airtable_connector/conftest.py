"""The connector in this process, before a fake sidecar, in front of a simulated or a scripted Airtable."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from fastapi import FastAPI

from apps.airtable_connector.app import create
from apps.airtable_connector.settings import Settings
from chassis.testing import FakeDapr
from chassis.testing.fixtures import client, dapr
from sandbox.airtable.embedded import Running, running
from tests.airtable_connector.place import Place, seed
from tests.airtable_connector.scripted import ScriptedAirtable

__all__ = ["client", "dapr"]

TOKEN = "patTest0000000001." + "0" * 64
FAST: dict[str, Any] = {
    "requests_per_second": 100,
    "token_requests_per_second": 1_000,
    "allow_writes": True,
    "start_pause": 0,
}


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
async def airtable() -> AsyncIterator[ScriptedAirtable]:
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


@pytest.fixture
def app(dapr: FakeDapr, url: str, extra: dict[str, Any]) -> FastAPI:
    dapr.secrets["airtable/local/default"] = TOKEN
    return create(Settings(airtable_url=url, **{**FAST, **extra}, **dapr.settings()))
