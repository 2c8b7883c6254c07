"""What went wrong at the database, told apart by SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from ._codes import DatabaseAnswerLost, DatabaseBusy, DatabaseTimeout, DatabaseUnavailable, SecretMissing
from ._dapr import RETRY_SOON
from ._errors import AppError

CANCELLED = {"57014", "25P03"}  # by statement_timeout, by idle_in_transaction_session_timeout
_UNDONE = "Two changes were in each other's way, this one was undone. Send it again."
# Serialization failure, deadlock, lock not available; the class of insufficient resources.
BUSY = dict.fromkeys(("40001", "40P01", "55P03"), _UNDONE) | {
    "53": "The database has no room for more connections, memory or data."
}
# Classes: connection exception, no such database, operator intervention (shutdown, crash, starting up), system error.
AWAY = ("08", "3D", "57", "58")

OF_THE_DRIVER = (DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)


class Failures:
    """Turns a driver's exceptions into ours, with this app as the one at fault."""

    def __init__(self, app_id: str) -> None:
        self._app_id = app_id

    @contextmanager
    def named(self, doing: Literal["connect", "execute", "commit"] = "execute") -> Iterator[None]:
        """Raise ours in place of what it means; what is about the statement and its data passes as it is."""
        try:
            yield
        except (NoFreeConnection, *OF_THE_DRIVER) as error:
            known = self._meaning(error, doing)
            if known is None:
                raise
            raise known from error

    def _meaning(self, error: BaseException, doing: str) -> AppError | None:
        causes = list(_causes(error))
        state = next((s for s in (getattr(cause, "sqlstate", None) for cause in causes) if s), "")
        if isinstance(error, NoFreeConnection):
            return DatabaseBusy("No database connection became free.", service=self._app_id, headers=RETRY_SOON)
        if state in CANCELLED:
            return DatabaseTimeout("The database took too long and was told to stop.", service=self._app_id)
        if busy := BUSY.get(state) or BUSY.get(state[:2]):
            return DatabaseBusy(busy, service=self._app_id, headers=RETRY_SOON)
        if state.startswith("28") or (doing == "connect" and state == "42501"):  # not its password, not its database
            return SecretMissing("The database refuses this app's login.", service=self._app_id)
        invalidated = isinstance(error, DBAPIError) and error.connection_invalidated
        gone = invalidated or state.startswith(AWAY) or any(isinstance(cause, OSError) for cause in causes)
        if not gone and not (doing == "connect" and state):
            return None
        if doing == "commit":
            detail = "The database was lost while it confirmed the change: it may have happened."
            return DatabaseAnswerLost(detail, service=self._app_id)
        return DatabaseUnavailable(_seen(state, causes), service=self._app_id, headers=RETRY_SOON)


def _seen(state: str, causes: list[BaseException]) -> str:
    if state.startswith("3D"):
        return "The database does not exist."
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return "The database does not answer."
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return "The database is not running, or not where it is looked for."
    return "The connection to the database was lost."


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.orig if isinstance(error, DBAPIError) and error.orig else error.__cause__
