"""How a cache in Dapr state forgets many keys at once: the store has no delete by prefix, so keys carry a generation.

A generation is a random word in the key of every entry of a scope: whoever changes the scope writes a new word, and
nobody finds the old entries any more. A counter would do worse: evicted and begun anew, it would bring them back.

A process may use a generation for a moment (LEASE) without asking the store again. So a change is answered only
after that moment (`lapse`): by then every process asks anew, and whoever knows of the change sees it.
"""

import asyncio
import secrets
import time
from datetime import timedelta

from ._state import State

KEPT = timedelta(days=1)
LEASE = 0.025  # seconds; at 200 reads a second it saves four of five questions to the store
LEASES_KEPT = 1_000  # scopes


class Generations:
    """`of` and `renew` raise what `State` raises."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._leases: dict[str, tuple[str, float]] = {}
        self._renewals = 0
        self._making: dict[str, asyncio.Future[str]] = {}

    def leased(self, scope: str) -> str | None:
        """The word, when this process has asked for it a moment ago."""
        word, until = self._leases.get(scope, (None, 0.0))
        return word if time.monotonic() < until else None

    async def of(self, scope: str) -> str:
        """The word to put into the keys of `scope`."""
        if word := self.leased(scope):
            return word
        asked, renewals = time.monotonic(), self._renewals
        found = await self._state.get(_key(scope), bytes)
        word = found[0].decode() if found else await self._first(scope)
        if renewals == self._renewals:
            if len(self._leases) >= LEASES_KEPT:
                self._leases.clear()
            self._leases[scope] = word, asked + LEASE
        return word

    async def renew(self, scope: str) -> str:
        """Begin a new one. What was kept of `scope` before is found by nobody once `lapse` has returned too."""
        self.forget(scope)
        word = await self._write(scope)
        self.forget(scope)
        return word

    async def lapse(self) -> None:
        """Wait until every process asks the store anew."""
        await asyncio.sleep(LEASE + 0.002)  # a timer may be early by a tick

    def forget(self, scope: str) -> None:
        """Ask the store again next time."""
        self._renewals += 1
        self._leases.pop(scope, None)

    async def _write(self, scope: str) -> str:
        word = secrets.token_hex(8)
        await self._state.save(_key(scope), word.encode(), ttl=KEPT)
        return word

    async def _first(self, scope: str) -> str:
        """One word for all who find none at the same time: with a word each they would share no answer.

        Not by first-write: a key once saved so is refused to every save without its ETag.
        """
        making = self._making.get(scope)
        if making is None:
            making = self._making[scope] = asyncio.ensure_future(self._write(scope))
            making.add_done_callback(lambda done: self._made(scope, done))
        return await asyncio.shield(making)

    def _made(self, scope: str, done: "asyncio.Future[str]") -> None:
        self._making.pop(scope, None)
        if not done.cancelled():
            done.exception()  # looked at, even when everybody who waited has gone


def _key(scope: str) -> str:
    return f"generation:{scope}"
