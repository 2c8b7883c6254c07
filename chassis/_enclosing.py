"""A transaction around others: what a handler of events changes is committed together with the note that it ran."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from ._principal import Principal

if TYPE_CHECKING:
    from ._change import Change
    from ._database import Database

_outer: ContextVar["Change | None"] = ContextVar("chassis_enclosing_change", default=None)


@asynccontextmanager
async def enclosing(db: "Database", who: Principal) -> AsyncIterator["Change"]:
    """A change of `db` that every `db.change` and `db.read` inside the block joins.

    They share its connection: inside the block, one after the other and not at the same time.
    """
    async with db.change(who) as change:
        token = _outer.set(change)
        try:
            yield change
        finally:
            _outer.reset(token)


def outer(db: "Database") -> "Change | None":
    """The change that the running code is enclosed in, if it is one of `db`."""
    change = _outer.get()
    return change if change is not None and change._db is db else None


@asynccontextmanager
async def joined(around: "Change", inner: "Change") -> AsyncIterator["Change"]:
    """`inner` as a part of `around`: undone alone when its block raises, committed with the whole."""
    with around._failures.named():
        async with around._connection.begin_nested():
            yield inner
            for write in inner._before:  # one may ask for another
                await write()
    for tell in inner._after:
        around.after_commit(tell)
