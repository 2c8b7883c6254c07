"""A turn is a moment: sent then, or given back for another one."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from apps.airtable_connector.clients.limiter import LIMITER_PATIENCE, Limiter
from apps.airtable_connector.domain.errors import AirtableCrowded, AirtableRateLimited
from apps.airtable_connector.settings import Settings
from chassis import AppError, Mesh
from chassis.testing import FakeDapr, FakePeer

BASE, TOKEN = "appCRM00000000001", "pat1"
AHEAD = 1_000_000.0  # s by which the limiter's clock runs before ours


class Scripted:
    """A Limiter before a rate-limiter-service that gives the turns it is told to."""

    def __init__(self, dapr: FakeDapr) -> None:
        self.peer: FakePeer = dapr.peers["rate-limiter-service"]
        self.mesh = Mesh(Settings(**dapr.settings()))
        self.limiter = Limiter(self.mesh)
        self.peer.answers(json={"now": time.monotonic() + AHEAD}, path="/clock")

    def gives(self, seconds: float, times: int | None = None) -> None:
        at = time.monotonic() + AHEAD + seconds
        self.peer.answers(json={"send_at": at, "wait": max(0.0, seconds)}, path="/acquire", times=times)

    async def turn(self) -> None:
        await self.limiter.turn(BASE, TOKEN, time.monotonic() + 10)

    def asks(self) -> list[dict[str, float]]:
        return [seen.json() for seen in self.peer.requests if seen.path == "/acquire"]


@pytest_asyncio.fixture
async def scripted(dapr: FakeDapr) -> AsyncIterator[Scripted]:
    made = Scripted(dapr)
    yield made
    await made.mesh.aclose()


async def test_a_call_is_sent_at_its_turn_whatever_the_limiters_clock_says(scripted: Scripted) -> None:
    scripted.gives(0.4)
    began = time.monotonic()
    await scripted.turn()
    assert time.monotonic() - began >= 0.2


async def test_who_comes_while_the_clocks_are_compared_waits_for_that_and_not_for_years(scripted: Scripted) -> None:
    scripted.gives(0.4)
    async with asyncio.timeout(60):
        await asyncio.gather(scripted.turn(), scripted.turn())


async def test_clocks_that_somebody_stopped_comparing_are_compared_by_the_next(scripted: Scripted) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0):
            await scripted.turn()
    scripted.gives(0.4)
    async with asyncio.timeout(60):
        await scripted.turn()


async def test_clocks_are_compared_until_an_answer_was_quick(scripted: Scripted, monkeypatch) -> None:
    answers = iter([*[(0.06, AHEAD + 0.03)] * 7, (0.004, AHEAD), (0.06, AHEAD + 0.03)])

    async def probe() -> tuple[float, float]:
        return next(answers)

    monkeypatch.setattr(scripted.limiter, "_probe", probe)
    scripted.gives(0.1)
    await scripted.turn()
    assert scripted.limiter._offset == AHEAD
    assert len(list(answers)) == 1


async def test_where_no_answer_is_quick_the_quickest_counts(scripted: Scripted, monkeypatch) -> None:
    took = iter([0.06, 0.05, *[0.06] * 100])

    async def probe() -> tuple[float, float]:
        return (seconds := next(took)), AHEAD + seconds / 2

    monkeypatch.setattr(scripted.limiter, "_probe", probe)
    scripted.gives(0.2)
    await scripted.turn()
    assert scripted.limiter._offset == AHEAD + 0.025


async def test_a_turn_that_has_passed_when_it_arrives_is_asked_for_again_further_ahead(scripted: Scripted) -> None:
    scripted.gives(2)
    scripted.gives(-0.1, times=1)
    await scripted.turn()
    first, second = (ask["late"] for ask in scripted.asks())
    assert first == 0
    assert 0.1 < second <= 0.3


async def test_the_token_is_named_and_never_told(scripted: Scripted) -> None:
    scripted.gives(0.5)
    await scripted.turn()
    assert TOKEN not in str(scripted.asks())


REFUSAL = {"code": "limits.past-budget", "status": 429, "detail": "in 7 s", "service": "rate-limiter-service"}


async def test_a_refusal_of_the_limiter_is_no_fault_of_airtables(scripted: Scripted) -> None:
    scripted.peer.answers(429, json=REFUSAL, path="/acquire", headers={"retry-after": "7"})
    with pytest.raises(AirtableCrowded) as refused:
        await scripted.turn()
    told = refused.value
    assert (told.code, told.service, told.headers) == ("airtable.no-turn", "rate-limiter-service", {"retry-after": "7"})


async def test_after_airtables_own_429_a_refusal_is_airtables_limit(scripted: Scripted) -> None:
    scripted.peer.answers(204, path="/penalties")
    await scripted.limiter.penalised(BASE)
    scripted.peer.answers(429, json=REFUSAL, path="/acquire", headers={"retry-after": "7"})
    with pytest.raises(AirtableRateLimited) as refused:
        await scripted.turn()
    assert refused.value.code == "airtable.rate-limited"


async def test_a_limiter_that_is_started_anew_is_waited_for(scripted: Scripted) -> None:
    scripted.gives(2)
    scripted.peer.fails("dead", path="/acquire", times=2)
    await scripted.turn()
    assert len(scripted.asks()) == 3


async def test_a_limiter_that_stays_away_is_named_soon(scripted: Scripted) -> None:
    scripted.peer.fails("dead", path="/acquire")
    with pytest.raises(AppError) as failure:
        await scripted.turn()
    assert failure.value.service == "rate-limiter-service"
    assert len(scripted.asks()) < 10 * LIMITER_PATIENCE + 5
