"""The app's own PostgreSQL database: a small pool, one transaction a change, failures in our words."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import orjson
from sqlalchemy import CursorResult, Executable
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, NullPool

from . import _outbox as outbox
from ._database_failures import OF_THE_DRIVER, Failures
from ._database_pool import vouch
from ._enclosing import joined, outer
from ._errors import AppError
from ._events import Event
from ._grants import grant
from ._logs import Log
from ._migrations import migrate
from ._principal import Principal
from ._provide import SelfProvided
from ._secrets import Secrets
from ._settings import AppSettings

CONNECT = 3.0  # seconds until a server that takes connections and says nothing counts as away
GRACE = 1.0  # seconds past the statement timeout in which the server must have said that it hit
IDLE = 30.0  # seconds a transaction may do nothing: it holds one of few connections, and its locks
MIGRATION_LOCK_WAIT = 5.0  # seconds; a migration that waits longer for a table would queue every request behind it
DRIVER = "postgresql+asyncpg://"  # the address is asked for at every new connection, so that a password can change

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class Read:
    """A transaction on behalf of `who`. Statements are SQLAlchemy Core's; results are complete when they return."""

    def __init__(self, connection: AsyncConnection, who: Principal, failures: Failures) -> None:
        self._connection = connection
        self._failures = failures
        self.who = who

    @property
    def tenant(self) -> str:
        """What every row read or written here must carry."""
        return self.who.tenant

    @property
    def actor(self) -> str:
        """Who does it: the agent where one acts for a user, else the user."""
        return self.who.act or self.who.user

    async def execute(self, statement: Executable, parameters: Parameters | None = None) -> CursorResult[Any]:
        """Run one statement; with a list of parameters, once for each of them.

        Raises DatabaseTimeout, DatabaseBusy (a deadlock) and DatabaseUnavailable; what is wrong with the statement or
        its data (IntegrityError …) comes as SQLAlchemy raises it, and the transaction can only be left then.
        """
        with self._failures.named():
            try:
                return await self._connection.execute(statement, parameters)
            except TimeoutError:
                await self._connection.invalidate()  # a server that hangs would hold the rollback too
                raise

    async def scalar(self, statement: Executable, parameters: Parameters | None = None) -> Any:
        """The first column of the first row, None when there is no row. Raises as `execute`."""
        return (await self.execute(statement, parameters)).scalar()


class Change(Read):
    """A transaction that writes: everything in it happens, or nothing.

    `attributes` belongs to the chassis' parts that write along with a change (audit, idempotency).
    """

    def __init__(self, connection: AsyncConnection, who: Principal, db: "Database") -> None:
        super().__init__(connection, who, db._failures)
        self.attributes: dict[str, Any] = {}
        self._db = db
        self._events: list[Any] = []
        self._before: list[Callable[[], Awaitable[None]]] = []
        self._after: list[Callable[[], None]] = []

    def publish(self, event: Event) -> None:
        """Tell others of this change: `event` leaves when, and only if, the change is committed.

        Raises TypeError for a class that is no event of this app, ValueError for more than 256 KiB.
        """
        if not self._events:
            self.after_commit(self._db.published.set)
        outbox.publish(self, event, self._events, self._db.app_id)

    def before_commit(self, write: Callable[[], Awaitable[None]]) -> None:
        """Await `write` as the last thing in the transaction, in the order of asking; its failure undoes the change."""
        self._before.append(write)

    def after_commit(self, tell: Callable[[], None]) -> None:
        """Call `tell` once the change is durable, never when it was undone. A process may die in between."""
        self._after.append(tell)

    async def _complete(self, log: Log) -> None:
        for write in self._before:  # one may ask for another
            await write()
        with self._failures.named("commit"):
            await self._connection.commit()
        for tell in self._after:
            try:
                tell()
            except Exception as error:
                log.error("after a commit something failed", problem=repr(error))


class Database(SelfProvided):
    """The database of this app, for classes that name it in their `__init__`.

    Nothing is opened before it is needed, and a connection that died is replaced: the app starts without its database,
    says on /readyz that it waits for it, and goes on by itself when it is back. Its address is the secret
    `database-url/<app-id>`.
    """

    def __init__(self, settings: AppSettings, secrets: Secrets, log: Log) -> None:
        self._settings = settings
        self._secrets = secrets
        self._log = log
        self._failures = Failures(settings.app_id)
        self.app_id = settings.app_id
        self.published = asyncio.Event()  # set when a change with events was committed, for the relay
        self._engine = create_async_engine(
            DRIVER,
            async_creator=partial(self._connect, settings.database_statement_timeout, 0.0),
            poolclass=AsyncAdaptedQueuePool,
            pool_size=settings.database_pool,
            max_overflow=0,
            pool_timeout=settings.database_statement_timeout,
            hide_parameters=True,  # what people write does not belong in logs
            json_serializer=lambda value: orjson.dumps(value).decode(),
            json_deserializer=orjson.loads,
        )
        vouch(self._engine)

    def change(self, who: Principal) -> AbstractAsyncContextManager[Change]:
        """One transaction: committed when the block ends, undone when it raises.

        Raises DatabaseUnavailable and DatabaseBusy (no connection became free) on entry, DatabaseAnswerLost on exit
        when the connection broke during the commit, so that nobody knows; besides what `Change.execute` raises.
        """
        return self._change(who)

    def read(self, who: Principal) -> AbstractAsyncContextManager[Read]:
        """A read-only transaction in which all statements see the same moment. Raises as `change` does on entry."""
        return self._read(who)

    @classmethod
    def companions(cls) -> tuple[type, ...]:
        from ._handover import Handover
        from ._relay import Relay

        return Relay, Handover

    async def start(self) -> None:
        """Bring the schema up to date. Raises ConfigError when it is newer than this code, AppError to try again."""
        kind = "database-owner-url" if self._settings.OWNED_APART else "database-url"
        connect = partial(self._connect, 0.0, MIGRATION_LOCK_WAIT, kind)
        engine = create_async_engine(DRIVER, async_creator=connect, poolclass=NullPool)
        async with self._connection(engine) as connection:
            with self._failures.named():
                await migrate(connection, self._settings.app_id, migrations_of(self._settings), self._log)
                if self._settings.OWNED_APART:
                    await grant(connection, await self._secrets.get(f"database-url/{self.app_id}"))

    async def stop(self) -> None:
        await self._engine.dispose()

    async def ready(self) -> str | None:
        """What /readyz says. A pool whose connections are all at work is busy, not broken."""
        pool = self._engine.pool
        if isinstance(pool, AsyncAdaptedQueuePool) and pool.checkedout() >= self._settings.database_pool:
            return None
        try:
            async with self._connection(self._engine):
                return None
        except AppError as error:
            return f"its database ({error.detail})"

    @asynccontextmanager
    async def _change(self, who: Principal) -> AsyncIterator[Change]:
        if around := outer(self):
            async with joined(around, Change(around._connection, who, self)) as change:
                yield change
            return
        async with self._connection(self._engine) as connection:
            change = Change(connection, who, self)
            yield change
            await change._complete(self._log)

    @asynccontextmanager
    async def _read(self, who: Principal) -> AsyncIterator[Read]:
        if around := outer(self):
            yield Read(around._connection, who, self._failures)
            return
        async with self._connection(self._engine) as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            yield Read(connection, who, self._failures)

    @asynccontextmanager
    async def _connection(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        """A connection that is rolled back and given back at the end."""
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
                "timezone": "UTC",
            },
        )
        try:
            return await connect(await self._secrets.get(name))
        except asyncpg.InvalidAuthorizationSpecificationError:
            return await connect(await self._secrets.get(name, fresh=True))


def migrations_of(settings: AppSettings) -> Path:
    """The folder `migrations` beside the module that defines the app's settings."""
    return Path(inspect.getfile(type(settings))).parent / "migrations"


def _milliseconds(seconds: float) -> str:
    return str(int(seconds * 1000))
