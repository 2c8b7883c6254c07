"""Turns across replicas on a real Valkey: asserted are the times the limiter gave, not those of this machine."""

import asyncio
from collections import Counter

import pytest

from apps.rate_limiter_service.domain.errors import LedgerAway, PastBudget, QueueFull
from apps.rate_limiter_service.domain.limits import EXACT_PERIOD
from contracts.rate_limiter_service import Acquire, Penalty
from tests.valkey import Valkey

from .conftest import Replica

BASE = "appCRM00000000001"
SHORT = 0.000_01  # s; microseconds are rounded


def asked(budget: float = 60, **changes: object) -> Acquire:
    return Acquire.model_validate({"base": BASE, "token": "t1", "budget": budget} | changes)


def most_in_a_second(times: list[float]) -> int:
    return max(sum(1 for other in times if at <= other < at + 1) for at in times)


async def test_no_second_holds_more_than_the_limit_whichever_replica_is_asked(replicas):
    turns = await asyncio.gather(*(replicas[n % 2].governor.acquire(asked(), "local") for n in range(22)))
    times = sorted(turn.send_at for turn in turns)
    assert most_in_a_second(times) == 5
    assert times[5] - times[0] >= EXACT_PERIOD - SHORT
    assert times[-1] - times[0] <= 4 * EXACT_PERIOD + 1  # nothing is given away either


async def test_the_first_second_after_a_cold_start_belongs_to_whoever_was_here_before(replicas, valkey):
    await valkey.restart()
    decision = await replicas[0].ledger.take(asked(), "local", replicas[0].governor._limits, 0.1, 0)
    assert not decision.granted
    assert decision.wait >= EXACT_PERIOD


async def test_a_limiter_that_starts_anew_knows_what_was_sent(replicas, settings):
    first = await asyncio.gather(*(replicas[0].governor.acquire(asked(), "local") for _ in range(5)))
    await replicas[0].stop()
    anew = Replica(settings)
    try:
        then = await anew.governor.acquire(asked(), "local")
    finally:
        await anew.stop()
    assert then.send_at - min(turn.send_at for turn in first) >= EXACT_PERIOD - SHORT


async def test_a_redis_that_lost_its_memory_gives_nobody_a_turn_in_its_first_second(replicas, valkey: Valkey):
    before = await replicas[0].governor.acquire(asked(), "local")
    await valkey.restart()
    while True:
        try:
            after = await replicas[0].governor.acquire(asked(), "local")
            break
        except LedgerAway:
            await asyncio.sleep(0.05)
    assert after.send_at - before.send_at >= EXACT_PERIOD - SHORT


async def test_while_redis_is_away_nobody_is_let_through(replicas, valkey: Valkey):
    await replicas[0].governor.acquire(asked(), "local")
    valkey.kill()
    with pytest.raises(LedgerAway):
        await replicas[0].governor.acquire(asked(), "local")
    assert await replicas[0].ledger.ready() == "Redis"


async def test_bases_do_not_wait_for_each_other_but_for_their_token(replicas):
    governor = replicas[0].governor
    await governor.acquire(asked(base="appWarm0000000001"), "local")
    turns = await asyncio.gather(*(governor.acquire(asked(base=f"app{n:014}"), "local") for n in range(60)))
    times = sorted(turn.send_at for turn in turns)
    assert 40 <= most_in_a_second(times) <= 50


async def test_two_tenants_share_a_base_evenly_however_many_calls_each_has(replicas):
    governor = replicas[0].governor
    order: list[str] = []

    async def call(tenant: str) -> None:
        await governor.acquire(asked(), tenant)
        order.append(tenant)

    many = [call("greedy") for _ in range(12)]
    few = [call("modest") for _ in range(6)]
    await asyncio.gather(*many, *few)
    assert Counter(order[:12])["modest"] >= 0.45 * 12


async def test_people_go_before_a_sync_and_a_sync_before_a_backfill(replicas):
    governor = replicas[0].governor
    order: list[str] = []

    async def call(priority: str) -> None:
        await governor.acquire(asked(priority=priority), "local")
        order.append(priority)

    await asyncio.gather(*(call(name) for name in ["backfill"] * 3 + ["sync"] * 3 + ["interactive"] * 3))
    assert order == ["interactive"] * 3 + ["sync"] * 3 + ["backfill"] * 3


async def test_who_cannot_wait_so_long_is_told_at_once_and_when_it_would_be(replicas):
    governor = replicas[0].governor
    await asyncio.gather(*(governor.acquire(asked(), "local") for _ in range(5)))
    with pytest.raises(PastBudget) as refused:
        await governor.acquire(asked(budget=0.3), "local")
    assert refused.value.headers["Retry-After"] in ("1", "2")


async def test_a_penalty_holds_one_base_and_ends_the_wait_of_who_has_less_time(replicas):
    governor = replicas[0].governor
    await governor.acquire(asked(), "local")
    await governor.penalise(Penalty(base=BASE, seconds=20))
    with pytest.raises(PastBudget) as refused:
        await replicas[1].governor.acquire(asked(budget=5), "local")
    assert 18 <= int(refused.value.headers["Retry-After"]) <= 20
    await governor.acquire(asked(base="appOther000000001"), "local")


async def test_who_was_late_gets_a_turn_further_ahead(replicas):
    governor = replicas[0].governor
    await governor.acquire(asked(), "local")
    assert (await governor.acquire(asked(late=0.3), "local")).wait >= 0.3 - SHORT


async def test_a_full_queue_refuses(replicas):
    governor = replicas[0].governor
    waiting = [asyncio.create_task(governor.acquire(asked(budget=600), "local")) for _ in range(500)]
    await asyncio.sleep(0)
    with pytest.raises(QueueFull):
        await governor.acquire(asked(), "local")
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    await governor.acquire(asked(), "local")  # those who left take no turn
