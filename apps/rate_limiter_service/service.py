"""The use cases: give turns, note penalties, explain. Who waits is known to this process, what was sent to Redis."""

import asyncio
import contextvars
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from apps.rate_limiter_service.domain.errors import LedgerAway, QueueFull, past_budget
from apps.rate_limiter_service.domain.limits import Limits, duration, forecast
from apps.rate_limiter_service.domain.queue import FairQueue
from apps.rate_limiter_service.domain.simulation import simulate
from apps.rate_limiter_service.settings import Settings
from apps.rate_limiter_service.store import Decision, Ledger, month
from chassis import AppError
from contracts.rate_limiter_service import (
    Acquire,
    Explanation,
    Penalty,
    Priority,
    Rule,
    Simulation,
    Trial,
    Turn,
    Usage,
    Waiting,
)

# A turn is given this long before it comes: the answer's way back over two sidecars must not eat into it.
HORIZON = 0.1  # seconds
SHORTEST_SLEEP = 0.005  # seconds
OTHERS = "(others)"


@dataclass(eq=False, slots=True)
class _Waiter:
    ask: Acquire
    tenant: str
    since: float
    turn: "asyncio.Future[Turn]"
    context: contextvars.Context = field(default_factory=contextvars.copy_context)

    @property
    def deadline(self) -> float:
        return self.since + self.ask.budget

    def waited(self) -> float:
        return time.monotonic() - self.since


@dataclass(eq=False, slots=True)
class _Lane:
    """Those who wait for one base, and the task that asks for their turns one after the other."""

    queue: FairQueue[_Waiter] = field(default_factory=FairQueue)
    free_at: float = 0.0  # monotonic; as far as the last decision told
    task: "asyncio.Task[None] | None" = None
    woken: asyncio.Event = field(default_factory=asyncio.Event)


class Governor:
    """Turns at Airtable. Exact across replicas, because a place is taken in Redis; fair within each of them."""

    def __init__(self, settings: Settings, ledger: Ledger) -> None:
        self._settings, self._ledger = settings, ledger
        self._limits = settings.limits
        self._lanes: dict[str, _Lane] = {}

    async def stop(self) -> None:
        tasks = [lane.task for lane in self._lanes.values() if lane.task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def acquire(self, ask: Acquire, tenant: str) -> Turn:
        """The turn of one call, given shortly before it comes.

        Raises PastBudget as soon as it is clear that it comes later than `ask.budget` seconds from now, QueueFull, and
        LedgerAway while Redis does not answer.
        """
        lane = self._lane(ask)
        waiter = _Waiter(ask, tenant, time.monotonic(), asyncio.get_running_loop().create_future())
        ahead = lane.queue.ahead(ask.priority, tenant)
        first = max(0.0, lane.free_at - waiter.since)
        if forecast(self._limits, first, ahead) > ask.budget:
            await self._note_refusal(waiter)
            raise self._too_late(lane, waiter, first, ahead)
        lane.queue.add(ask.priority, tenant, waiter)
        lane.woken.set()
        if lane.task is None:
            lane.task = asyncio.create_task(self._serve(lane))
        try:
            return await waiter.turn
        finally:
            lane.queue.remove(ask.priority, tenant, waiter)

    async def penalise(self, penalty: Penalty) -> None:
        """Airtable said 429 for a base: hold it, and let those who cannot wait that long know."""
        seconds = self._settings.penalty if penalty.seconds is None else penalty.seconds
        await self._ledger.hold(penalty.base, seconds)
        if lane := self._lanes.get(penalty.base):
            lane.woken.set()

    async def now(self) -> float:
        return await self._ledger.now()

    async def explain(self, base: str, tenant: str) -> Explanation:
        """Why a call to `base` waits now. Other tenants are counted, not named."""
        look = await self._ledger.look(base, self._limits)
        lane = self._lanes.get(base) or _Lane()
        waiting = list(_counted(lane.queue, tenant))
        ahead = lane.queue.ahead("interactive", tenant)
        seconds = forecast(self._limits, look.free_in, ahead)
        why = (
            f"Airtable's penalty holds it for {duration(look.held_for)}"
            if look.held_for
            else f"{look.sent} of {self._limits.base_rate} calls were sent in the last {self._limits.period} s"
        )
        when = f"in {seconds:.1f} s" if seconds > 0.05 else "at once"
        return Explanation(
            base=base,
            rate=self._limits.base_rate,
            period=self._limits.period,
            sent=look.sent,
            next_in=look.free_in,
            held_for=look.held_for,
            penalties=look.penalties,
            waiting=waiting,
            your_share=self._share(lane, tenant),
            forecast=seconds,
            text=f"{why}; {len(lane.queue)} calls wait. A call of yours would be sent {when}.",
        )

    async def usage(self, tenant: str, of_month: str | None) -> Usage:
        asked = of_month or month()
        return Usage(month=asked, calls=await self._ledger.usage(tenant, asked))

    async def simulate(self, trial: Trial, tenant: str) -> Simulation:
        """What a rule would have done to given or recorded traffic."""
        arrivals = await self._ledger.arrivals(tenant) if trial.arrivals is None else trial.arrivals
        return await asyncio.to_thread(simulate, arrivals, _limits_of(trial.rule))

    def _lane(self, ask: Acquire) -> _Lane:
        key = ask.base or f"token {ask.token}"
        lane = self._lanes.get(key)
        if lane is None:
            if len(self._lanes) >= self._settings.bases:
                self._lanes = {name: lane for name, lane in self._lanes.items() if lane.task}
            if len(self._lanes) >= self._settings.bases:
                raise QueueFull("Calls to too many bases wait. Repeat it in a second.", headers={"Retry-After": "1"})
            lane = self._lanes[key] = _Lane()
        if len(lane.queue) >= self._settings.queue_length:
            raise QueueFull(
                f"{len(lane.queue)} calls wait for this base already. Repeat it later.",
                headers={"Retry-After": str(max(1, round(len(lane.queue) / self._limits.per_second)))},
            )
        return lane

    async def _serve(self, lane: _Lane) -> None:
        """Give turns until nobody waits."""
        try:
            while lane.queue:
                lane.woken.clear()
                pause = await self._step(lane)
                if pause:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(pause):
                            await lane.woken.wait()
        finally:
            lane.task = None
            for _, _, waiter in list(lane.queue):
                _tell(waiter, LedgerAway("The limiter stops. Repeat it in a second.", headers={"Retry-After": "1"}))

    async def _step(self, lane: _Lane) -> float:
        """Give one turn, or say how long nobody's comes."""
        waiter = lane.queue.next()
        try:
            asked = self._ledger.take(waiter.ask, waiter.tenant, self._limits, HORIZON, waiter.waited())
            # In the context of who waits for it: this lane's own is that of the request that happened to open it.
            decision = await asyncio.create_task(asked, context=waiter.context)
        except AppError as error:
            _tell(waiter, error)
            for _, _, other in list(lane.queue):
                _tell(other, LedgerAway(error.detail, headers=error.headers))
            return 0.0
        lane.free_at = time.monotonic() + decision.wait
        if decision.granted:
            if not waiter.turn.done():
                waiter.turn.set_result(Turn(send_at=decision.at, wait=decision.wait))
            return 0.0
        lane.queue.put_back(waiter.ask.priority, waiter.tenant, waiter)
        await self._refuse_hopeless(lane, decision)
        return max(SHORTEST_SLEEP, min(decision.wait - HORIZON, self._soonest_end(lane)))

    async def _refuse_hopeless(self, lane: _Lane, decision: Decision) -> None:
        now = time.monotonic()
        for priority, tenant, waiter in list(lane.queue):
            if waiter.deadline < now + decision.wait:
                lane.queue.remove(priority, tenant, waiter)
                _tell(waiter, self._too_late(lane, waiter, decision.wait, 0))
                await self._note_refusal(waiter)

    def _soonest_end(self, lane: _Lane) -> float:
        now = time.monotonic()
        return min((waiter.deadline - now for _, _, waiter in lane.queue), default=HORIZON)

    async def _note_refusal(self, waiter: _Waiter) -> None:
        with suppress(LedgerAway):  # a refusal is not worth failing for
            await self._ledger.refused(waiter.ask, waiter.tenant, waiter.waited())

    def _too_late(self, lane: _Lane, waiter: _Waiter, first: float, ahead: int) -> AppError:
        return past_budget(forecast(self._limits, first, ahead), ahead, self._share(lane, waiter.tenant))

    def _share(self, lane: _Lane, tenant: str) -> float:
        waiting = {name for _, name, _ in lane.queue} | {tenant}
        return self._limits.per_second / len(waiting)


def _tell(waiter: _Waiter, error: AppError) -> None:
    if not waiter.turn.done():
        waiter.turn.set_exception(error)


def _counted(queue: FairQueue[_Waiter], tenant: str) -> Iterator[Waiting]:
    counts: dict[tuple[Priority, str], int] = {}
    for priority, name, _ in queue:
        key = priority, name if name == tenant else OTHERS
        counts[key] = counts.get(key, 0) + 1
    for (priority, name), count in counts.items():
        yield Waiting(priority=priority, tenant=name, count=count)


def _limits_of(rule: Rule) -> Limits:
    return Limits(rule.rate, rule.rate, rule.period)
