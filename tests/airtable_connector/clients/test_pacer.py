"""Whose turn it is, with a clock the test moves."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from apps.airtable_connector.clients.pacer import LANES_KEPT, Pacer, Turn
from apps.airtable_connector.domain.errors import AirtableRateLimited
from apps.airtable_connector.domain.pacing import LONGEST_WAY, PERIOD
from apps.airtable_connector.settings import Settings

FAR = 10_000.0


@dataclass
class _Due:
    at: float
    callback: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class Clock:
    """Time stands still until `advance`, which runs what falls due in order."""

    now: float = 0.0
    due: list[_Due] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: Callable[[], None]) -> _Due:
        self.due.append(_Due(self.now + delay, callback))
        return self.due[-1]

    async def advance(self, seconds: float) -> None:
        until = self.now + seconds
        while ready := [one for one in self.due if not one.cancelled and one.at <= until]:
            first = min(ready, key=lambda one: one.at)
            self.due.remove(first)
            self.now = max(self.now, first.at)
            first.callback()
            await settle()
        self.now = until


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pacer(clock: Clock) -> Pacer:
    return Pacer(Settings(start_pause=0, queue_length=20), clock, clock.call_later)


class Caller:
    """Somebody who asked for a turn."""

    def __init__(self, pacer: Pacer, base: str | None = "a", token: str = "t", deadline: float = FAR) -> None:
        self.task = asyncio.ensure_future(pacer.turn(base, token, deadline))

    @property
    def turn(self) -> Turn | None:
        return self.task.result() if self.task.done() else None


async def callers(pacer: Pacer, count: int, **options: object) -> list[Caller]:
    made = [Caller(pacer, **options) for _ in range(count)]  # type: ignore[arg-type]
    await settle()
    return made


def served(some: list[Caller]) -> list[int]:
    return [index for index, caller in enumerate(some) if caller.turn]


async def end(*some: Caller) -> None:
    for caller in some:
        caller.task.cancel()
    await asyncio.gather(*(caller.task for caller in some), return_exceptions=True)


async def test_five_go_at_once_the_rest_in_order_a_second_after_the_answers(pacer: Pacer, clock: Clock) -> None:
    some = await callers(pacer, 7)
    assert served(some) == [0, 1, 2, 3, 4]
    for caller in some[:5]:
        assert caller.turn
        caller.turn.answered()
    await clock.advance(PERIOD - 0.02)
    assert served(some) == [0, 1, 2, 3, 4]
    await clock.advance(0.03)
    assert served(some) == [0, 1, 2, 3, 4, 5, 6]


async def test_an_answer_that_does_not_come_holds_its_place_only_as_long_as_the_way_may_take(
    pacer: Pacer, clock: Clock
) -> None:
    some = await callers(pacer, 6)
    await clock.advance(PERIOD + LONGEST_WAY + 0.01)
    assert served(some) == [0, 1, 2, 3, 4, 5]


async def test_who_cannot_be_served_in_time_is_told_at_once_in_how_many_seconds_it_could(
    pacer: Pacer, clock: Clock
) -> None:
    some = await callers(pacer, 15)
    with pytest.raises(AirtableRateLimited) as refused:
        await pacer.turn("a", "t", deadline=0.9)
    assert refused.value.headers == {"retry-after": "4"}
    assert "4 s" in refused.value.detail
    await end(*some)


async def test_a_full_queue_refuses(pacer: Pacer, clock: Clock) -> None:
    some = await callers(pacer, 25)
    assert len(served(some)) == 5
    with pytest.raises(AirtableRateLimited):
        await pacer.turn("a", "t", FAR)
    await end(*some)


async def test_a_penalty_holds_its_base_and_refuses_at_once_who_cannot_wait_so_long(pacer: Pacer, clock: Clock) -> None:
    first = (await callers(pacer, 5))[0]
    patient, hasty = Caller(pacer, deadline=100), Caller(pacer, deadline=20)
    await settle()
    assert first.turn
    first.turn.penalised(30)
    await settle()
    assert isinstance(hasty.task.exception(), AirtableRateLimited)
    other = (await callers(pacer, 1, base="b"))[0]
    assert other.turn
    await clock.advance(29.9)
    assert not patient.turn
    await clock.advance(0.2)
    assert patient.turn


async def test_who_left_the_queue_is_passed_over(pacer: Pacer, clock: Clock) -> None:
    some = await callers(pacer, 7)
    await end(some[5])
    for caller in some[:1]:
        assert caller.turn
        caller.turn.answered()
    await clock.advance(PERIOD + 0.01)
    assert some[6].turn


async def test_a_tokens_limit_counts_over_all_bases(clock: Clock) -> None:
    pacer = Pacer(Settings(start_pause=0, token_requests_per_second=3), clock, clock.call_later)
    some = [caller for base in "abcd" for caller in await callers(pacer, 1, base=base)]
    assert served(some) == [0, 1, 2]
    other = await callers(pacer, 1, base="e", token="other")
    assert other[0].turn
    for caller in some[:3]:
        assert caller.turn
        caller.turn.answered()
    await clock.advance(PERIOD + LONGEST_WAY + 0.01)
    assert some[3].turn


async def test_after_a_start_a_base_is_left_alone_for_a_moment(clock: Clock) -> None:
    pacer = Pacer(Settings(start_pause=0.5), clock, clock.call_later)
    caller = (await callers(pacer, 1))[0]
    assert not caller.turn
    await clock.advance(0.5)
    assert caller.turn


async def test_bases_nobody_asks_for_are_forgotten(pacer: Pacer, clock: Clock) -> None:
    for number in range(LANES_KEPT):
        await pacer.turn(f"base{number}", f"token{number % 50}", FAR)
        clock.now += 0.1
    clock.now += 10
    await pacer.turn("one more", "t", FAR)
    assert len(pacer._lanes) == 1
