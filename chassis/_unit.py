"""The unit of work of an unsafe request: what it changes, the answer to repeat and the audit entry, all or nothing.

A transaction begins with the request's first `db.change` and is committed when its answer is complete, before any of
it is sent. An answer that tells of an error undoes it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING

from starlette.types import Message, Scope, Send

from ._audit import NOBODYS
from ._context import Context
from ._enclosing import joined
from ._errors import AppError
from ._idempotency import LARGEST, KeptAnswer, Key
from ._principal import Principal, service

if TYPE_CHECKING:
    from ._change import Change
    from ._database import Database
    from ._trail import Trail

LOOKED_AFTER = 10.0  # seconds until others ask how an intent ended; the app may answer that it is under way

_unit: ContextVar["Unit | None"] = ContextVar("chassis_unit", default=None)


def enter_unit(unit: "Unit") -> Token["Unit | None"]:
    return _unit.set(unit)


def leave_unit(token: Token["Unit | None"]) -> None:
    _unit.reset(token)


def unit_of(db: "Database") -> "Unit | None":
    """The unit of work in which the running code changes `db`, if there is one and it is not over."""
    unit = _unit.get()
    if unit is None or not unit.open or unit.db is not db or unit.task is not asyncio.current_task():
        return None
    return unit


class Unit:
    """One request's, for the task that serves it: a task it starts may work for others too, and outlive it."""

    def __init__(
        self, trail: "Trail", context: Context, scope: Scope, key: Key | None, send: Send, *, audited: bool
    ) -> None:
        self.db = trail.db
        self.open = True
        self.changed = False  # something is written that is not committed
        self.intended = False
        self.committing = False  # from here on it may have happened, whatever becomes of us
        self.failure: AppError | None = None
        self._trail, self._context, self._scope, self._key, self._out = trail, context, scope, key, send
        self._audited = audited
        self._stack = AsyncExitStack()
        self._change: Change | None = None
        self.task = asyncio.current_task()
        self._start: Message | None = None
        self._parts: list[bytes] = []
        self._told = False

    @property
    def _who(self) -> Principal:
        return self._context.principal or service(self._context.app_id, NOBODYS)

    async def check(self) -> None:
        """Before the endpoint runs: raise Answered, or what is wrong with the key, when it was used before."""
        if self._key and self._audited:
            async with self.db.glance(self._who) as read:
                await self._key.look(read)

    async def change(self) -> "Change":
        """The request's transaction; begun, and the key claimed, when it is the first."""
        if self._change is None:
            change = await self._stack.enter_async_context(self.db.begun(self._who))
            if self._key:
                await self._key.claim(change)
            self._change = change
        return self._change

    @asynccontextmanager
    async def part(self, who: Principal) -> AsyncIterator["Change"]:
        """A change of `who` within the request's: undone alone when its block raises, committed with the whole."""
        around = await self.change()
        inner = type(around)(around._connection, who, self.db)
        if self.changed:
            async with joined(around, inner):
                yield inner
            return
        self.changed = True
        try:
            yield inner
        except BaseException:  # the first needs no savepoint: there is nothing else in the transaction yet
            self.changed, self._change = False, None
            await self._stack.aclose()
            raise
        around._before += inner._before
        around._after += inner._after

    async def intend(self, change: "Change") -> None:
        """Note in `change` that an effect outside is about to be tried; it has to be committed at once."""
        if self.intended:
            return
        if self._key:
            await self._key.begin(change)
        await self._trail.hold(change, self._scope, self._context, self._key, LOOKED_AFTER)
        change.after_commit(self._set_intended)

    def _set_intended(self) -> None:
        self.intended = True

    async def send(self, message: Message) -> None:
        """Takes what the route answers, and lets it out when all of it is there and its unit is committed.

        Of an answer that comes in parts, a stream, the first part has to be enough.
        """
        if self.failure is not None:
            return
        if message["type"] != "http.response.body":
            if message["type"] != "http.response.start" or self._told:
                await self._out(message)
            else:
                self._start = message
            return
        if self._told:
            await self._out(message)
            return
        self._parts.append(message.get("body", b""))
        if message.get("more_body") and not self._streams():
            return
        whole = not message.get("more_body")
        try:
            await self._conclude(whole)
        except AppError as error:
            self.failure = error  # the route believes that it has answered: who called it must
            return
        self._told = True
        assert self._start is not None
        await self._out(self._start)
        await self._out({**message, "body": b"".join(self._parts)})

    async def repeat(self, answer: KeptAnswer) -> None:
        self._context.audited = True  # what is answered again was done once
        await self._out({"type": "http.response.start", "status": answer.status, "headers": list(answer.headers)})
        await self._out({"type": "http.response.body", "body": answer.body})

    async def undo(self) -> None:
        """End what is not committed."""
        self.open = False
        await self._stack.aclose()

    def _streams(self) -> bool:
        """A length that was announced will come; of any other, what is larger than could be kept is a stream too."""
        assert self._start is not None
        known = any(name.lower() == b"content-length" for name, _ in self._start["headers"])
        return not known or sum(map(len, self._parts)) > LARGEST

    async def _conclude(self, whole: bool) -> None:
        assert self._start is not None
        status = self._start["status"]
        answer = KeptAnswer(status, self._start["headers"], b"".join(self._parts)) if whole else None
        if self.intended:
            await self._end_intent(status, answer)
        elif status < 400:
            await self._commit(answer)
        await self.undo()

    async def _commit(self, answer: KeptAnswer | None) -> None:
        if not self.changed and not (self._key and self._audited):
            return  # nothing to commit: the edge writes the entry
        change = await self.change()
        if self._key:
            await self._key.keep(change, answer, f"trace {self._context.trace_id}")
        await self._trail.write(change, self._scope, self._context)
        self.committing = True
        await change._complete(self.db.log)
        self._context.audited = True

    async def _end_intent(self, status: int, answer: KeptAnswer | None) -> None:
        self._context.audited = True
        error = self._context.error
        if self._context.noted.unresolved or (error is not None and error.may_have_happened):
            return
        try:
            async with self.db.change(self._who, at_once=True) as change:
                await self._trail.settle(change, self._scope, self._context, status)
                if self._key and status < 400:
                    await self._key.keep(change, answer, f"trace {self._context.trace_id}")
                elif self._key:
                    await self._key.release(change)
        except AppError as problem:  # it was done, and is answered; whoever looks for lost effects finds how it ended
            self.db.log.warning("an audit entry waits for its outcome", problem=problem.detail)


def running() -> Unit | None:
    """The unit of work of the running request."""
    unit = _unit.get()
    return unit if unit is not None and unit.open else None
