"""Requests to Airtable in turn, as many a second as it allows, known to this process only."""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from apps.airtable_connector.domain.errors import AirtableRateLimited
from apps.airtable_connector.domain.pacing import PERIOD, Place, Window
from apps.airtable_connector.settings import Settings

LANES_KEPT = 1_000  # idle bases remembered


class Timer(Protocol):
    def cancel(self) -> None: ...


CallLater = Callable[[float, Callable[[], None]], Timer]


def _call_later(delay: float, callback: Callable[[], None]) -> Timer:
    return asyncio.get_running_loop().call_later(delay, callback)


@dataclass(eq=False, slots=True)
class _Waiter:
    deadline: float
    token: Window
    turn: "asyncio.Future[Turn]"


class Turn:
    """Permission to send one request now. Tell when its answer is there: that makes room for the next."""

    def __init__(self, lane: "_Lane", token: Window) -> None:
        self._lane, self._token = lane, token
        now = lane.clock()
        self._places: list[tuple[Window, Place]] = [(window, window.take(now)) for window in (lane.window, token)]

    def answered(self) -> None:
        for window, place in self._places:
            window.answered(place, self._lane.clock())
        self._lane.go_on()

    def penalised(self, seconds: float) -> None:
        """Airtable answered 429: this base gets no request before `seconds` have passed."""
        self._lane.window.hold(self._lane.clock() + seconds)
        self._lane.go_on()


class _Lane:
    """The queue of one base, first come first served."""

    def __init__(self, window: Window, clock: Callable[[], float], call_later: CallLater) -> None:
        self.window, self.clock, self._call_later = window, clock, call_later
        self.waiting: deque[_Waiter] = deque()
        self._timer: Timer | None = None

    def earliest(self, token: Window, now: float) -> float:
        """When a request that comes now could be sent at the earliest."""
        return max(self.window.forecast(now, len(self.waiting) + 1)[-1], token.next_free(now))

    def go_on(self) -> None:
        """Give their turn to those whose time has come, and an answer to those for whom it comes too late."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self.clock()
        self._refuse_hopeless(now)
        while self.waiting:
            first = self.waiting[0]
            at = max(self.window.next_free(now), first.token.next_free(now))
            if at > now:
                self._timer = self._call_later(at - now, self.go_on)
                return
            self.waiting.popleft()
            first.turn.set_result(Turn(self, first.token))

    def _refuse_hopeless(self, now: float) -> None:
        earliest = self.window.forecast(now, len(self.waiting))
        kept: deque[_Waiter] = deque()
        for waiter, at in zip(self.waiting, earliest, strict=True):
            if waiter.turn.done():
                continue
            if at > waiter.deadline:
                waiter.turn.set_exception(too_late(at - now))
            else:
                kept.append(waiter)
        self.waiting = kept


class Pacer:
    """Airtable's limits per base and per token. A caller waits its turn, or is told at once that it cannot."""

    def __init__(
        self, settings: Settings, clock: Callable[[], float] = time.monotonic, call_later: CallLater = _call_later
    ) -> None:
        self._settings = settings
        self._clock, self._call_later = clock, call_later
        self._lanes: dict[str, _Lane] = {}
        self._tokens: dict[str, Window] = {}
        self._started = clock()

    async def turn(self, base: str | None, token: str, deadline: float) -> Turn:
        """Wait until a request to `base` may be sent (None: only the token's limit applies).

        Raises AirtableRateLimited as soon as it is certain that this is after `deadline` (monotonic seconds).
        """
        lane, window = self._lane(base, token), self._token(token)
        now = self._clock()
        earliest = lane.earliest(window, now)
        if earliest > deadline or len(lane.waiting) >= self._settings.queue_length:
            raise too_late(earliest - now)
        waiter = _Waiter(deadline, window, asyncio.get_running_loop().create_future())
        lane.waiting.append(waiter)
        lane.go_on()
        try:
            return await waiter.turn
        except asyncio.CancelledError:
            lane.go_on()
            raise

    def _lane(self, base: str | None, token: str) -> _Lane:
        key = f"base {base}" if base else f"token {token}"
        lane = self._lanes.get(key)
        if lane is None:
            if len(self._lanes) >= LANES_KEPT:
                self._forget_idle()
            if base:
                # What a process before us sent in its last second still counts at Airtable.
                window = Window(self._settings.requests_per_second, self._started + self._settings.start_pause)
            else:
                window = Window(self._settings.token_requests_per_second)
            lane = _Lane(window, self._clock, self._call_later)
            self._lanes[key] = lane
        return lane

    def _token(self, token: str) -> Window:
        return self._tokens.setdefault(token, Window(self._settings.token_requests_per_second))

    def _forget_idle(self) -> None:
        now = self._clock()
        idle = [key for key, lane in self._lanes.items() if not lane.waiting and lane.window.idle_from <= now - PERIOD]
        for key in idle:
            del self._lanes[key]


def too_late(seconds: float) -> AirtableRateLimited:
    """The refusal that names the second from which on there is room again."""
    wait = max(1, math.ceil(seconds))
    return AirtableRateLimited(
        f"Airtable allows so few requests a second that the next one can be sent in {wait} s, which is more than "
        "this request has. Repeat it then, or give it more time (x-timeout-ms).",
        headers={"retry-after": str(wait)},
    )
