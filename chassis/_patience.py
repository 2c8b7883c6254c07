"""How long a request is worked on: until its time is up, or until nobody waits for its answer."""

import asyncio
from collections.abc import Callable
from typing import Literal

from starlette.types import Message, Receive

from ._context import Context

# A peer's timeout says more than ours, so it gets this head start.
GRACE = 0.25  # seconds
WATCH_AFTER = 0.5  # seconds; most requests are answered before anybody looks whether their client is still there


class Patience:
    """Cancels the task of a request whose time is up before its answer began, or whose client has left.

    A client that leaves cancels a safe request, and any other once its answer is being streamed; an unsafe one that is
    not answered yet is left to finish. Costs two timers a request. Reads the messages itself while it watches, so the
    app has to receive through `receive`.
    """

    __slots__ = ("_busy", "_context", "_early", "_receive", "_safe", "_task", "_timers", "_watcher", "ended", "started")

    def __init__(self, context: Context, receive: Receive, *, safe: bool, has_body: bool) -> None:
        self.started = False  # the answer has begun
        self.ended: Literal["", "time", "client"] = ""
        self._context = context
        self._receive = receive
        self._safe = safe
        self._busy = has_body  # there is body the app has to read first
        self._early: Message | None = None
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._watcher: asyncio.Task[None] | None = None
        self._timers: dict[Callable[[], None], asyncio.TimerHandle] = {}
        self._after(WATCH_AFTER, self._watch)
        self._check_time()

    def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        if self._watcher:
            self._watcher.cancel()

    async def receive(self) -> Message:
        if self._early:
            message, self._early = self._early, None
            return message
        message = await self._receive()
        if message["type"] == "http.request" and not message.get("more_body"):
            self._busy = False
        return message

    def _after(self, seconds: float, act: Callable[[], None]) -> None:
        self._timers[act] = asyncio.get_running_loop().call_later(seconds, act)

    def _check_time(self) -> None:
        left = self._context.remaining()  # asked anew: the gateway gives some routes more time
        if self.started or left is None:
            return
        if left + GRACE > 0:
            self._after(left + GRACE, self._check_time)
        else:
            self._end("time")

    def _watch(self) -> None:
        if self._busy or not (self._safe or self.started):
            self._after(WATCH_AFTER, self._watch)
        else:
            self._watcher = asyncio.create_task(self._until_client_leaves())

    async def _until_client_leaves(self) -> None:
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                return self._end("client")
            self._early = message

    def _end(self, why: Literal["time", "client"]) -> None:
        self.ended = why
        self._task.cancel()
