"""The app's own PostgreSQL database: a small pool, one transaction a change, failures in our words."""

import asyncio
import inspect
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any
from weakref import WeakSet

import asyncpg
import orjson
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, NullPool

from ._change import Change, Read
from ._database_failures import OF_THE_DRIVER, Failures
from ._database_pool import vouch
from ._enclosing import joined, outer
from ._errors import AppError
from ._grants import grant
from ._logs import Log
from ._migrations import is_current, migrate
from ._principal import Principal
from ._provide import SelfProvided
from ._secrets import Secrets
from ._settings import AppSettings
from ._spans import span
from ._telemetry import Metrics
from ._unit import unit_of

CONNECT = 3.0  # seconds until a server that takes connections and says nothing counts as away
GRACE = 1.0  # seconds past the statement timeout in which the server must have said that it hit
IDLE = 30.0  # seconds a transaction may do nothing: it holds one of few connections, and its locks
UNUSED = 15.0  # seconds after which the server ends a connection: each is a process with megabytes of its own
MIGRATION_LOCK_WAIT = 5.0  # seconds; a migration that waits longer for a table would queue every request behind it
DRIVER = "postgresql+asyncpg://"  # the address is asked for at every new connection, so that a password can change


class Database(SelfProvided):
    """The database of this app, for classes that name it in their `__init__`.

    Nothing is opened before it is needed, and a connection that died is replaced: the app starts without its database,
    says on /readyz that it waits for it, and goes on by itself when it is back. Its address is the secret
    `database-url/<app-id>`.
    """

    def __init__(self, settings: AppSettings, secrets: Secrets, log: Log, metrics: Metrics) -> None:
        self._settings = settings
        self._secrets = secrets
        self.log = log
        self._failures = Failures(settings.app_id)
        self.app_id = settings.app_id
        self._opened: WeakSet[asyncpg.Connection] = WeakSet()
        self.published = asyncio.Event()  # set when a change with events was committed, for the relay
        self.audited = asyncio.Event()  # the same for audit entries
        self._engine = create_async_engine(
            DRIVER,
            async_creator=partial(self._connect, settings.database_statement_timeout, 0.0),
            poolclass=AsyncAdaptedQueuePool,
            pool_size=settings.database_pool,
            max_overflow=0,
            pool_use_lifo=True,  # the last used first: the others come to rest, and go
            pool_timeout=settings.database_statement_timeout,
            hide_parameters=True,  # what people write does not belong in logs
            json_serializer=lambda value: orjson.dumps(value).decode(),
            json_deserializer=orjson.loads,
        )
        vouch(self._engine)
        metrics.pool(settings.database_pool, self._busy)

    def change(self, who: Principal, *, at_once: bool = False) -> AbstractAsyncContextManager[Change]:
        """One transaction: committed when the block ends, undone when it raises.

        Within a request that changes something, all its changes are one transaction, committed with its answer; one
        made `at_once` is committed by itself: for what must be known before something outside is done, or must stay
        though the request fails. Within a handler of events, changes are committed with the note that it ran.

        Raises DatabaseUnavailable and DatabaseBusy (no connection became free) on entry, DatabaseAnswerLost on exit
        when the connection broke during the commit, so that nobody knows; besides what `Change.execute` raises.
        """
        return self._change(who, at_once)

    def read(self, who: Principal) -> AbstractAsyncContextManager[Read]:
        """A read-only transaction in which all statements see the same moment, and what its request has changed.

        Raises as `change` does on entry.
        """
        return self._read(who)

    @classmethod
    def companions(cls) -> tuple[type, ...]:
        from ._handover import Handover
        from ._relay import Relay

        return Relay, Handover

    async def start(self) -> None:
        """Bring the schema up to date. Raises ConfigError when it is newer than this code, AppError to try again."""
        folder = migrations_of(self._settings)
        if not self._settings.OWNED_APART:
            async with self._connection(self._engine) as connection:
                with self._failures.named():
                    if await is_current(connection, folder):
                        return
            await self._engine.dispose()  # what a connection has learned of the tables is old after a migration
        kind = "database-owner-url" if self._settings.OWNED_APART else "database-url"
        connect = partial(self._connect, 0.0, MIGRATION_LOCK_WAIT, kind)
        engine = create_async_engine(DRIVER, async_creator=connect, poolclass=NullPool)
        async with self._connection(engine) as connection:
            with self._failures.named():
                await migrate(connection, self._settings.app_id, folder, self.log)
                if self._settings.OWNED_APART:
                    await grant(connection, await self._secrets.get(f"database-url/{self.app_id}"))

    async def stop(self) -> None:
        """Close every connection, also one that somebody who was cancelled has not given back."""
        await self._engine.dispose()
        for connection in self._opened:
            connection.terminate()

    async def ready(self) -> str | None:
        """What /readyz says. A pool whose connections are all at work is busy, not broken."""
        if self._busy() >= self._settings.database_pool:
            return None
        try:
            async with self._connection(self._engine):
                return None
        except AppError as error:
            return f"its database ({error.detail})"

    def _busy(self) -> int:
        pool = self._engine.pool
        return pool.checkedout() if isinstance(pool, AsyncAdaptedQueuePool) else 0

    @asynccontextmanager
    async def begun(self, who: Principal) -> AsyncIterator[Change]:
        """A change that is undone at the end of the block unless it was completed in it."""
        async with self._connection(self._engine) as connection:
            yield Change(connection, who, self)

    @asynccontextmanager
    async def glance(self, who: Principal) -> AsyncIterator[Read]:
        """For a single statement: a third of the round trips of `read`."""
        async with self._connection(self._engine) as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            yield Read(connection, who, self._failures)

    @asynccontextmanager
    async def _change(self, who: Principal, at_once: bool) -> AsyncIterator[Change]:
        if not at_once and (around := outer(self)):
            async with joined(around, Change(around._connection, who, self)) as change:
                yield change
        elif not at_once and (unit := unit_of(self)):
            async with unit.part(who) as change:
                yield change
        else:
            async with self.begun(who) as change:
                yield change
                await change._complete(self.log)

    @asynccontextmanager
    async def _read(self, who: Principal) -> AsyncIterator[Read]:
        if around := outer(self):
            yield Read(around._connection, who, self._failures)
        elif (unit := unit_of(self)) and unit.changed:
            yield Read((await unit.change())._connection, who, self._failures)
        else:
            async with self._connection(self._engine) as connection:
                await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                yield Read(connection, who, self._failures)

    @asynccontextmanager
    async def _connection(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        """A connection that is rolled back and given back at the end."""
        about = {"db.system.name": "postgresql", "db.namespace": self.app_id}
        with span("postgresql", about, blame="database."):
            with self._failures.named("connect"):
                connection = await engine.connect().start()
            try:
                yield connection
            finally:
                with suppress(*OF_THE_DRIVER):  # the pool has dropped it
                    await connection.close()

    async def _connect(self, statement_timeout: float, lock_timeout: float, kind: str = "database-url") -> Any:
        """A new connection. 0 is no limit. A password changed since it was read is read again."""
        name = f"{kind}/{self.app_id}"
        connect = partial(
            asyncpg.connect,
            timeout=CONNECT,
            command_timeout=statement_timeout + GRACE if statement_timeout else None,
            server_settings={
                "application_name": self._settings.app_id,
                "statement_timeout": _milliseconds(statement_timeout),
                "lock_timeout": _milliseconds(lock_timeout),
                "idle_in_transaction_session_timeout": _milliseconds(IDLE),
                "idle_session_timeout": _milliseconds(UNUSED),
                "timezone": "UTC",
            },
        )
        try:
            connection = await connect(await self._secrets.get(name))
        except asyncpg.InvalidAuthorizationSpecificationError:
            connection = await connect(await self._secrets.get(name, fresh=True))
        self._opened.add(connection)
        return connection


def migrations_of(settings: AppSettings) -> Path:
    """The folder `migrations` beside the module that defines the app's settings."""
    return Path(inspect.getfile(type(settings))).parent / "migrations"


def _milliseconds(seconds: float) -> str:
    return str(int(seconds * 1000))
