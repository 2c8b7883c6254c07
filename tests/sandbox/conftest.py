"""One simulator for the whole folder, put back to its start before each test."""

from collections.abc import Iterator

import pytest
import requests
from pyairtable import Api

from sandbox.airtable.embedded import TOKEN, Running, running
from tests.sandbox.client import Client


@pytest.fixture(scope="session")
def _server() -> Iterator[Running]:
    with running(limits="off") as server:
        yield server


@pytest.fixture
def airtable(_server: Running) -> Running:
    """Limits off, data as seeded."""
    sandbox = _server.sandbox
    if len(sandbox.bases) != 3 or any(base.version for base in sandbox.bases.values()):
        sandbox.reset()
    sandbox.ids.restore(0)
    sandbox.reset_controls()
    return _server


@pytest.fixture
def client(airtable: Running) -> Iterator[Client]:
    with requests.Session() as session:
        session.headers["authorization"] = f"Bearer {TOKEN}"
        yield Client(session, airtable.url, airtable.sandbox)


@pytest.fixture
def admin(airtable: Running) -> Iterator[Client]:
    with requests.Session() as session:
        yield Client(session, airtable.admin_url, airtable.sandbox)


@pytest.fixture
def api(airtable: Running) -> Iterator[Api]:
    client = Api(TOKEN, endpoint_url=airtable.url)
    yield client
    client.session.close()
