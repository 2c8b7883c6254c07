"""Faults of one app's database on the mesh's own server, put by its administrator. All end."""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from ..credentials import Credentials
from ..data_tier import administrator
from ..databases import role_name
from ..errors import SetupError
from .injecting import Mesh

_TABLES = """
SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
"""
_FULL = """
CREATE FUNCTION pg_temp_full() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$
"""


@contextlib.contextmanager
def locked(mesh: Mesh, app: str) -> Iterator[None]:
    """Somebody holds every table of the app's, as a long change of the schema does."""
    ready, over = threading.Event(), threading.Event()

    async def hold() -> None:
        connection = await _connect(mesh, app)
        try:
            async with connection.transaction():
                tables = [row[0] for row in await connection.fetch(_TABLES)]
                await connection.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
                ready.set()
                await asyncio.to_thread(over.wait)
        finally:
            ready.set()
            await connection.close()

    thread = threading.Thread(target=asyncio.run, args=(hold(),), daemon=True)
    thread.start()
    ready.wait(20)
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextlib.contextmanager
def no_connections(mesh: Mesh, app: str) -> Iterator[None]:
    """The server takes no more connections of this app."""
    with _altered(mesh, app, "CONNECTION LIMIT 0", "CONNECTION LIMIT -1"):
        yield


@contextlib.contextmanager
def wrong_password(mesh: Mesh, app: str) -> Iterator[None]:
    """The server knows another password than the app."""
    right = Credentials.load_or_create(mesh.run.path).database_password(app)
    with _altered(mesh, app, "PASSWORD 'nobody-has-this'", f"PASSWORD '{right}'"):
        yield


@contextlib.contextmanager
def renamed(mesh: Mesh, app: str) -> Iterator[None]:
    """The tables have other names than the app's code knows, as after a migration of newer code."""
    names = [str(row[0]) for row in _run(mesh, app, lambda c: c.fetch(_TABLES)) if "alembic" not in row[0]]
    names = [name for name in names if name.startswith("public.")]
    _each(mesh, app, [f"ALTER TABLE {name} RENAME TO {name.rpartition('.')[2]}_old" for name in names])
    try:
        yield
    finally:
        _each(mesh, app, [f"ALTER TABLE {name}_old RENAME TO {name.rpartition('.')[2]}" for name in names])


@contextlib.contextmanager
def full(mesh: Mesh, app: str) -> Iterator[None]:
    """The server's disk is full for this app: what is inserted is refused with that error."""
    tables = [str(row[0]) for row in _run(mesh, app, lambda c: c.fetch(_TABLES))]
    put = [f"CREATE TRIGGER full_disk BEFORE INSERT ON {table} EXECUTE FUNCTION pg_temp_full()" for table in tables]
    _each(mesh, app, [_FULL, *put])
    try:
        yield
    finally:
        _each(mesh, app, ["DROP FUNCTION pg_temp_full() CASCADE"])


@contextlib.contextmanager
def _altered(mesh: Mesh, app: str, to: str, back: str) -> Iterator[None]:
    role = role_name(app)
    away = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'"  # noqa: S608
    _each(mesh, app, [f"ALTER ROLE {role} {to}", away])
    try:
        yield
    finally:
        _each(mesh, app, [f"ALTER ROLE {role} {back}"])


def _each(mesh: Mesh, app: str, statements: list[str]) -> None:
    async def execute(connection: asyncpg.Connection) -> None:
        for statement in statements:
            await connection.execute(statement)

    _run(mesh, app, execute)


def _run(mesh: Mesh, app: str, act: Callable[[asyncpg.Connection], Awaitable[Any]]) -> Any:
    async def connected() -> Any:
        connection = await _connect(mesh, app)
        try:
            return await act(connection)
        finally:
            await connection.close()

    return asyncio.run(connected())


async def _connect(mesh: Mesh, app: str) -> asyncpg.Connection:
    record = mesh.run.running()
    url = administrator(record.offset, Credentials.load_or_create(mesh.run.path), {})
    try:
        return await asyncpg.connect(urlunsplit(urlsplit(url)._replace(path=f"/{role_name(app)}")), timeout=5)
    except (OSError, asyncpg.PostgresError) as error:
        raise SetupError(f"the drill needs the mesh's own PostgreSQL: {error}") from None
