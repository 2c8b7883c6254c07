"""Transactions as an app's code sees them: reading, or changing everything in them or nothing."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import CursorResult, Executable
from sqlalchemy.ext.asyncio import AsyncConnection

from . import _outbox as outbox
from ._audit import audit
from ._context import Target
from ._database_failures import Failures
from ._events import Event
from ._logs import Log
from ._principal import Principal
from ._unit import running

if TYPE_CHECKING:
    from ._database import Database

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
    """A transaction that writes: everything in it happens, or nothing."""

    def __init__(self, connection: AsyncConnection, who: Principal, db: "Database") -> None:
        super().__init__(connection, who, db._failures)
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

    def audit(self, *targets: Target, **metadata: str | int) -> None:
        """Say in the request's audit entry what this change is about: `change.audit(("note", note.id), colour="red")`.

        Without targets the entry names the values in the route's path. A failed request's entry says it too.
        """
        audit(*targets, **metadata)

    async def intend(self, *targets: Target, **metadata: str | int) -> None:
        """Something outside is about to be done for this request: its entry is written before, and how it ended after.

        For a change that is made `at_once`. When the end never comes, the app's `Outcomes` is asked for it.
        """
        audit(*targets, **metadata)
        if unit := running():
            await unit.intend(self)

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
