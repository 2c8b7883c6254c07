"""Clients that write through the gateway, each with a ledger of its own of what it tried and what it was told."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import aiohttp

AT_ONCE = 8  # requests of one client under way
PAUSE = 0.2  # s before a write that nobody acknowledged is sent again, unless the answer says how long to wait
DONE_BEFORE, UNDER_WAY = "ANSWER_NOT_KEPT", "UNDER_WAY"


@dataclass(eq=False)
class Ledger:
    """One client's book, a line of JSON for each attempt and each acknowledgement, written before the next step.

    `attempts`: the request ids of every write, by its name. `acknowledged`: the write's request id that was answered
    with success, and what it was answered; None for one of which the platform said that it had been done before.
    """

    file: Path
    attempts: dict[str, list[str]] = field(default_factory=dict)
    acknowledged: dict[str, str | None] = field(default_factory=dict)
    _book: IO[str] | None = field(default=None, repr=False)

    def __enter__(self) -> "Ledger":
        """Go on where the file ends."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self._book = self.file.open("a+")
        self._book.seek(0)
        for line in self._book:
            self._enter(*json.loads(line))
        return self

    def __exit__(self, *_: object) -> None:
        if self._book:
            self._book.close()

    def tries(self, write: str, request: str) -> None:
        self._note("tries", write, request)

    def acknowledges(self, write: str, request: str | None) -> None:
        self._note("acknowledged", write, request)

    def _note(self, what: str, write: str, request: str | None) -> None:
        assert self._book is not None
        self._book.write(json.dumps([what, write, request]) + "\n")
        self._book.flush()
        self._enter(what, write, request)

    def _enter(self, what: str, write: str, request: str | None) -> None:
        if what == "acknowledged":
            self.acknowledged[write] = request
        elif request is not None:
            self.attempts.setdefault(write, []).append(request)


class Refused(Exception):
    """A write was refused although it is valid and nothing of it is away."""


@dataclass(eq=False)
class Client:
    """Makes `wanted` writes of one kind, and sends each with its Idempotency-Key until it is acknowledged."""

    name: str
    method: str
    path: str
    body: Callable[[str], Any]
    wanted: int
    budget: float  # s that a request may take
    ledger: Ledger
    run: str = field(default_factory=lambda: uuid4().hex[:8])
    answered: dict[str, int] = field(default_factory=dict)  # status or kind of failure → how often
    stopped: bool = False  # begins no write any more; what it began it brings to its end

    async def work(self, url: str, key: str) -> None:
        """Return when all are acknowledged, or all that were begun when it was stopped. Raises Refused."""
        timeout = aiohttp.ClientTimeout(total=self.budget + 2)
        headers = {"authorization": f"Bearer {key}", "x-timeout-ms": str(int(self.budget * 1000))}
        # What an earlier run of the program tried comes first: its keys are still known to the platform.
        names = [name for name in self.ledger.attempts if name not in self.ledger.acknowledged]
        missing = self.wanted - len(self.ledger.acknowledged) - len(names)
        names += [f"{self.name} {self.run} {number:06}" for number in range(max(missing, 0))]
        waiting = iter(names)
        async with (
            aiohttp.ClientSession(url, headers=headers, timeout=timeout) as session,
            asyncio.TaskGroup() as tasks,
        ):
            for _ in range(AT_ONCE):
                tasks.create_task(self._write_each(session, waiting))

    async def _write_each(self, session: aiohttp.ClientSession, waiting: Any) -> None:
        for name in waiting:
            if self.stopped:
                return
            while pause := await self._tried(session, name):  # noqa: ASYNC110 - it asks again
                await asyncio.sleep(pause)

    async def _tried(self, session: aiohttp.ClientSession, name: str) -> float:
        """0 when the write is acknowledged now, else how long to wait (s) before it is sent again."""
        request = uuid4().hex
        self.ledger.tries(name, request)
        headers = {"x-request-id": request, "idempotency-key": name.replace(" ", "-")}
        try:
            async with session.request(self.method, self.path, json=self.body(name), headers=headers) as answer:
                told = await answer.json(content_type=None) if answer.status >= 400 else await answer.read()
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as problem:
            self._count(type(problem).__name__)
            return PAUSE
        code = _code(told)
        self._count(f"{answer.status} {code}".strip())
        if answer.status < 300:
            self.ledger.acknowledges(name, None if "idempotency-replayed" in answer.headers else request)
            return 0
        if code.endswith(DONE_BEFORE):
            self.ledger.acknowledges(name, None)
            return 0
        if answer.status < 500 and answer.status != 429 and not code.endswith(UNDER_WAY):
            raise Refused(f"{self.method} {self.path} of {name!r} was answered {answer.status}: {told}")
        return float(answer.headers.get("retry-after", PAUSE))

    def _count(self, what: str) -> None:
        self.answered[what] = self.answered.get(what, 0) + 1


def _code(told: Any) -> str:
    """Of a problem, in capitals: Airtable's dialect has it so, and without the part before the dot."""
    if not isinstance(told, dict):
        return ""
    error = told.get("error")
    found = error.get("type") if isinstance(error, dict) else told.get("code")
    return str(found or "").upper().replace("-", "_")


@dataclass(eq=False)
class Progress:
    """How many writes of all clients are acknowledged; refuses to wait for ever."""

    clients: list[Client]
    stalled_after: float = 300.0  # s without an acknowledgement

    @property
    def acknowledged(self) -> int:
        return sum(len(client.ledger.acknowledged) for client in self.clients)

    async def until(self, count: int) -> None:
        """Return when so many are. Raises TimeoutError when nothing is acknowledged any more."""
        seen, since = self.acknowledged, time.monotonic()
        while seen < count:
            await asyncio.sleep(0.02)
            if self.acknowledged > seen:
                seen, since = self.acknowledged, time.monotonic()
            elif time.monotonic() - since > self.stalled_after:
                raise TimeoutError(f"{seen} writes are acknowledged and since {self.stalled_after:.0f} s none more")
