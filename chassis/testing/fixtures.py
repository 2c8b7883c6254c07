"""pytest fixtures: import them in an app's `conftest.py`, next to an `app` fixture of your own."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from fastapi import FastAPI

from ._audit import Audited
from ._client import AppClient
from ._fake import FakeDapr
from ._peers import FakePeer


@pytest_asyncio.fixture
async def dapr() -> AsyncIterator[FakeDapr]:
    """A fresh fake sidecar."""
    async with FakeDapr() as fake:
        yield fake


@pytest.fixture
def peers(dapr: FakeDapr) -> dict[str, FakePeer]:
    """The other apps of the fake mesh by app-id; they come into being when they are named."""
    return dapr.peers


@pytest.fixture
def audit(app: FastAPI, dapr: FakeDapr) -> Audited:
    """What the app's requests left in the audit trail: `assert await audit.only() == ("note.add", "denied")`."""
    return Audited(app, dapr.audit)


@pytest_asyncio.fixture
async def client(app: FastAPI, dapr: FakeDapr) -> AsyncIterator[AppClient]:
    """The started app of the test's `app` fixture, called as its sidecar would on behalf of user developer."""
    async with AppClient(app, dapr.headers()).running() as running:
        yield running
        dapr.bus.disconnect(app)  # a server lets its requests end before it stops the app, and so its database
        await dapr.bus.close()
