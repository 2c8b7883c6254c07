"""A real PostgreSQL for tests: started once a session, a fresh database with a role of its own for each test.

An app's `conftest.py` imports the fixtures: `from tests.postgres import new_database, postgres  # noqa: F401`.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from local import data_tier
from local.credentials import Credentials
from local.databases import create_databases, database_url
from tests.local.servers import Running, free_offset

NewDatabase = Callable[[str], Awaitable[str]]
_number = itertools.count(1)
_SERVER = pytest.StashKey["Postgres"]()


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Not `asyncio.run`: that forgets pytest-asyncio's own loop, which nobody closes then."""
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(work)
    finally:
        loop.close()


class Postgres:
    """One server, which a test may also kill, pause and start again on its data. `durable`: what it promises, it has
    put on the disk; without that its data survive its own end, and not the machine's.
    """

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self._options = () if durable else ("--fsync=off",)
        self.run_dir = folder / "run"
        self.offset = free_offset()
        self.log = folder / "postgres.log"
        self.credentials = Credentials.load_or_create(self.run_dir)
        _run(data_tier.prepare(self.run_dir, self.offset, self.credentials, [], {"REDIS_URL": ""}))
        self.start()

    def start(self) -> None:
        _run(data_tier.prepare(self.run_dir, self.offset, self.credentials, [], {"REDIS_URL": ""}))
        spec = data_tier.postgres(self.run_dir, self.offset, self.credentials)
        self.running = Running(replace(spec, command=(*spec.command, *self._options)), self.log).until_ready()

    def kill(self) -> None:
        """As a crash of the server does; `start` brings it back."""
        children = psutil.Process(self.running.process.pid).children(recursive=True)
        self.running.kill()
        self.running.stop()
        psutil.wait_procs(children, timeout=10)  # while one of them lives, no other server can have its memory

    def close(self) -> None:
        self.running.stop()
        data_tier.remove(self.run_dir)

    @property
    def administrator(self) -> str:
        port = data_tier.POSTGRES_PORT + self.offset
        password = self.credentials.postgres_password
        return f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres?sslmode=disable"

    async def new_database(self, name: str) -> str:
        """The URL of a database that no test used before, owned by a role of the same name."""
        app_id = f"{name}-{next(_number)}"
        url = database_url(self.administrator, app_id, "password")
        await create_databases(self.administrator, {app_id: "password"}, exclusive=True)
        return url

    async def new_append_only_database(self, name: str) -> tuple[str, str]:
        """The same for an app that may not change what it wrote: its URL, and that of the role that owns its tables."""
        app_id = f"{name}-{next(_number)}"
        await create_databases(self.administrator, {app_id: "password"}, {app_id: "password"}, exclusive=True)
        url = partial(database_url, self.administrator, app_id, "password")
        return url(), url(owner=True)


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Postgres:
    """One for everybody: pytest would make one for each `conftest.py` that imports this."""
    stash = request.config.stash
    if _SERVER not in stash:
        stash[_SERVER] = Postgres(tmp_path_factory.mktemp("postgres"))
        request.config.add_cleanup(stash[_SERVER].close)
    return stash[_SERVER]


@pytest.fixture
def new_database(postgres: Postgres) -> NewDatabase:
    """`await new_database("notes")` is the URL of an empty database."""
    return postgres.new_database
