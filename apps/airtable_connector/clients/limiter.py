"""When Airtable may be asked: rate-limiter-service gives each call its turn, and the call is sent exactly then.

A turn is a point in time by Redis' clock. This process' own clock may differ, so it asks for Redis' time and takes
the answer that travelled fastest: half its journey is the most it can be wrong by.
"""

import asyncio
import time
from hashlib import sha256
from typing import Any

from apps.airtable_connector.domain.errors import AirtableCrowded, AirtableRateLimited
from chassis import AppError, Mesh, Peer, PeerProblem, span
from contracts.rate_limiter_service import MOST_LATE, Acquire, Clock, Penalty, Priority, Turn

ON_TIME = 0.02  # s; a call sent later than this after its turn could meet one of the next window at Airtable
BETTER = 1.5  # times as late as it was is how much further ahead the next turn is asked for
LIMITER_PATIENCE = 1.5  # s a limiter that does not answer is asked again; it is started anew in less
PAUSE = 0.1  # s between two tries
PROBES, MOST_PROBES = 5, 25
QUICK = 0.01  # s; while no answer was quicker, on a busy machine, it is asked on: errors are taken from ON_TIME
CALIBRATED_FOR = 60.0  # s; clocks drift by microseconds a second
PENALTY = 30.0  # s that Airtable takes nothing after a 429
REFUSED = ("limits.past-budget", "limits.queue-full")
OUTSIDE = "-"  # any base
AWAY = ("limits.ledger-away", "peer.unavailable", "peer.answer-lost", "peer.breaker-open", "app.starting")


class Limiter(Peer, app_id="rate-limiter-service"):
    def __init__(self, mesh: Mesh) -> None:
        super().__init__(mesh)
        self._offset = 0.0  # Redis' clock minus this process' monotonic one
        self._calibrated = -CALIBRATED_FOR
        self._calibrating = asyncio.Lock()
        self._held: dict[str, float] = {}  # bases that Airtable answered 429 for, until when (monotonic)

    async def turn(self, base: str | None, token: str, deadline: float, priority: Priority = "interactive") -> None:
        """Return when a request to `base` shall be sent (None: outside any base), which is before `deadline`.

        Raises AirtableRateLimited (AirtableCrowded where Airtable answered no 429) as soon as it is certain that this
        is later, and what the mesh raises when the limiter is away for longer than it takes to start.
        """
        late = 0.0
        while True:
            turn = await self._acquire(base, token, deadline, priority, late)
            ahead = self._ahead(turn)
            if ahead > 0:
                with span("turn", {"platform.waits_for": "its turn at Airtable"}, kind="internal"):
                    await asyncio.sleep(ahead)
                ahead = self._ahead(turn)
            if ahead >= -ON_TIME:
                return
            late = min(MOST_LATE, late + BETTER * -ahead)  # the turn is lost; the answer was too long on its way

    async def penalised(self, base: str | None) -> None:
        """Airtable answered 429 for `base`: nobody is given a turn there before its penalty is over."""
        self._held = {held: until for held, until in self._held.items() if until > time.monotonic()}
        self._held[base or OUTSIDE] = time.monotonic() + PENALTY
        await self.post("/penalties", json=Penalty(base=base or OUTSIDE).model_dump())

    async def _acquire(self, base: str | None, token: str, deadline: float, priority: Priority, late: float) -> Turn:
        named = sha256(token.encode()).hexdigest()[:16]
        give_up: float | None = None  # who waited long for a turn is not to blame when the limiter dies then
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise self._no_turn(base, "The time of this request ended before its turn at Airtable came.")
            ask = Acquire(base=base, token=named, priority=priority, budget=min(600, left), late=late)
            try:
                await self._calibrate()
                return await self.post("/acquire", Turn, json=ask.model_dump())
            except AppError as error:
                if isinstance(error, PeerProblem) and error.code in REFUSED:
                    wait = {name.lower(): value for name, value in error.headers.items()}
                    raise self._no_turn(base, error.detail, headers=wait) from error
                # To ask again is safe: a turn nobody uses is only lost.
                now = time.monotonic()
                give_up = give_up or now + LIMITER_PATIENCE
                if error.code not in AWAY or now + PAUSE > min(give_up, deadline):
                    raise
            await asyncio.sleep(PAUSE)

    def _no_turn(self, base: str | None, detail: str, **rest: Any) -> AirtableRateLimited:
        """Whose limit it is: Airtable's own after its 429, else that of all who want calls here."""
        if self._held.get(base or OUTSIDE, 0.0) > time.monotonic():
            return AirtableRateLimited(detail, **rest)
        return AirtableCrowded(detail, service=self.app_id, **rest)

    def _ahead(self, turn: Turn) -> float:
        return turn.send_at - self._offset - time.monotonic()

    async def _calibrate(self) -> None:
        """Nobody goes on by an offset that is only being measured: his turn would be years away."""
        async with self._calibrating:
            if time.monotonic() < self._calibrated + CALIBRATED_FOR:
                return
            probes = [await self._probe() for _ in range(PROBES)]
            while min(probes)[0] > QUICK and len(probes) < MOST_PROBES:
                probes.append(await self._probe())
            self._offset, self._calibrated = min(probes)[1], time.monotonic()

    async def _probe(self) -> tuple[float, float]:
        """(seconds the answer took, the offset it tells)."""
        asked = time.monotonic()
        clock = await self.get("/clock", Clock)
        took = time.monotonic() - asked
        return took, clock.now - (asked + took / 2)
