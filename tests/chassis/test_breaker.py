"""When calls are not made at all, and when they are made twice."""

import asyncio
from contextlib import suppress

import pytest

from chassis import AppError, BreakerOpen, Mesh
from chassis._breaker import OPENS_AFTER, PROBE_PATIENCE, PROBES_EVERY, Breaker, RetryBudget

from .sidecars import CALLEE, CallerSettings


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def breaker(clock):
    return Breaker(clock)


def opened(breaker):
    for _ in range(OPENS_AFTER):
        assert breaker.allow()
        breaker.failed()
    return breaker


def test_it_opens_after_five_failures_in_a_row(breaker):
    for _ in range(OPENS_AFTER - 1):
        breaker.failed()
    breaker.succeeded()
    assert opened(breaker).state == "open"
    assert not breaker.allow()
    assert breaker.opened_at is not None


def test_one_probe_goes_at_a_time_and_its_success_closes(breaker, clock):
    opened(breaker)
    clock.now += PROBES_EVERY
    assert [breaker.allow() for _ in range(3)] == [True, False, False]
    assert breaker.state == "half-open"
    breaker.succeeded()
    assert (breaker.state, breaker.failures, breaker.opened_at) == ("closed", 0, None)
    assert [breaker.allow() for _ in range(3)] == [True, True, True]


def test_a_probe_that_fails_opens_again_for_a_moment(breaker, clock):
    opened(breaker)
    clock.now += PROBES_EVERY
    assert breaker.allow()
    breaker.failed()
    assert breaker.state == "open"
    assert not breaker.allow()
    clock.now += PROBES_EVERY
    assert breaker.allow()


def test_a_probe_that_hangs_does_not_keep_the_others_away_for_ever(breaker, clock):
    opened(breaker)
    clock.now += PROBES_EVERY
    assert breaker.allow()
    clock.now += PROBE_PATIENCE - 0.01
    assert not breaker.allow()
    clock.now += 0.01
    assert breaker.allow()


def test_a_probe_its_caller_gave_up_says_nothing(breaker, clock):
    opened(breaker)
    clock.now += PROBES_EVERY
    assert breaker.allow()
    breaker.abandoned()
    assert breaker.state == "open"
    assert breaker.allow()


def test_late_failures_of_calls_made_before_do_not_put_off_the_next_probe(breaker, clock):
    opened(breaker)
    clock.now += PROBES_EVERY
    breaker.failed()
    assert breaker.allow()


def test_recovery_is_noticed_soon_enough_after_a_kill():
    assert PROBES_EVERY <= 0.5


def test_retries_are_paid_from_a_tenth_of_the_calls():
    budget = RetryBudget()
    spent = 0
    for _ in range(1_000):
        budget.earn()
        spent += budget.spend()
    assert 100 <= spent <= 110


@pytest.fixture
async def mesh(dapr):
    opened = Mesh(CallerSettings(**dapr.settings()))
    yield opened
    await opened.aclose()


async def refused(mesh, method="POST", **options) -> AppError:
    with pytest.raises(AppError) as raised:
        await mesh.call(CALLEE, method, "/notes/1", **options)
    return raised.value


async def test_an_open_breaker_answers_at_once_in_the_callees_name(mesh, peers):
    peers[CALLEE].fails("dead")
    while mesh.breakers().get(CALLEE, {}).get("state") != "open":
        assert (await refused(mesh)).code == "peer.unavailable"  # after one more attempt: it reached nobody
    error = await refused(mesh)
    assert (error.code, error.status, error.service) == ("peer.breaker-open", 503, CALLEE)
    assert error.headers == {"Retry-After": "1"}
    assert len(peers[CALLEE].requests) == OPENS_AFTER
    assert mesh.breakers()[CALLEE]["state"] == "open"


async def test_it_closes_by_itself_when_the_callee_is_back(mesh, peers):
    peers[CALLEE].answers(204).fails("dead", times=OPENS_AFTER)
    for _ in range(OPENS_AFTER):
        await refused(mesh)
    async with asyncio.timeout(2):
        while mesh.breakers()[CALLEE]["state"] != "closed":
            await asyncio.sleep(0.02)
            with suppress(BreakerOpen):
                await mesh.call(CALLEE, "POST", "/notes/1")


async def test_callers_in_a_hurry_do_not_open_it_for_the_others(mesh, peers):
    peers[CALLEE].fails("frozen")
    for _ in range(OPENS_AFTER + 1):
        assert (await refused(mesh, timeout=0.01)).code == "peer.timeout"
    assert mesh.breakers()[CALLEE]["state"] == "closed"


async def test_a_failing_callee_is_not_hit_twice_as_hard(mesh, peers):
    peers[CALLEE].fails("lost")
    mesh._budget._left = 2.0
    for _ in range(4):
        mesh._breakers.clear()
        await refused(mesh, "GET")
    assert len(peers[CALLEE].requests) == 6


async def test_each_callee_has_a_breaker_of_its_own(mesh, peers):
    peers[CALLEE].fails("dead")
    peers["other-service"].answers(204)
    for _ in range(OPENS_AFTER):
        await refused(mesh)
    assert (await mesh.call("other-service", "GET", "/notes/1")).status == 204
