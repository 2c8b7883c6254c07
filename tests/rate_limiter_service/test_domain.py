"""The pure rules."""

from hypothesis import given
from hypothesis import strategies as st

from apps.rate_limiter_service.domain.limits import duration, exact, forecast, real
from apps.rate_limiter_service.domain.queue import FairQueue
from apps.rate_limiter_service.domain.simulation import simulate
from contracts.rate_limiter_service import PRIORITIES, Arrival

calls = st.lists(st.tuples(st.sampled_from(PRIORITIES), st.sampled_from("abc")), max_size=40)


@given(calls)
def test_everybody_gets_exactly_one_turn(waiting):
    queue: FairQueue[int] = FairQueue()
    for number, (priority, tenant) in enumerate(waiting):
        queue.add(priority, tenant, number)
    assert sorted(queue.next() for _ in waiting) == list(range(len(waiting)))
    assert len(queue) == 0


@given(calls, calls)
def test_a_tenant_is_served_in_its_own_order(waiting, more):
    queue: FairQueue[int] = FairQueue()
    seen: dict[tuple[str, str], list[int]] = {}
    for number, (priority, tenant) in enumerate(waiting + more):
        queue.add(priority, tenant, number)
    of = dict(enumerate(waiting + more))
    while queue:
        number = queue.next()
        seen.setdefault(of[number], []).append(number)
    assert all(numbers == sorted(numbers) for numbers in seen.values())


@given(calls.filter(bool))
def test_to_put_back_is_as_if_nothing_had_happened(waiting):
    def filled() -> FairQueue[int]:
        queue: FairQueue[int] = FairQueue()
        for number, (priority, tenant) in enumerate(waiting):
            queue.add(priority, tenant, number)
        return queue

    touched = filled()
    number = touched.next()
    touched.put_back(*waiting[number], number)
    untouched = filled()
    assert [touched.next() for _ in waiting] == [untouched.next() for _ in waiting]


def test_a_backfill_is_not_starved_by_a_stream_of_urgent_calls():
    queue: FairQueue[str] = FairQueue()
    queue.add("backfill", "a", "bulk")
    for _ in range(20):
        queue.add("interactive", "a", "urgent")
    assert "bulk" in [queue.next() for _ in range(10)]


def test_who_comes_now_waits_for_the_urgent_and_for_as_many_of_each_other_tenant():
    queue: FairQueue[int] = FairQueue()
    for priority, tenant, count in (("interactive", "a", 2), ("sync", "a", 3), ("sync", "b", 1), ("backfill", "a", 9)):
        for number in range(count):
            queue.add(priority, tenant, number)
    assert queue.ahead("sync", "b") == 2 + 1 + 2
    assert queue.ahead("interactive", "c") == 1


def test_a_forecast_counts_whole_windows():
    limits = exact(5, 50)
    assert forecast(limits, 0.5, 0) == forecast(limits, 0.5, 4) == 0.5
    assert forecast(limits, 0.5, 5) == 0.5 + limits.period


def test_the_profiles_keep_below_the_limit():
    assert real(5, 50).per_second < exact(5, 50).per_second < 5


@given(st.lists(st.builds(Arrival, at=st.floats(0, 5), base=st.just("app1"), budget=st.floats(0.1, 5)), max_size=60))
def test_a_simulation_loses_nobody(arrivals):
    told = simulate(arrivals, exact(5, 50))
    assert told.calls == len(arrivals)
    assert sum(tenant.calls for tenant in told.tenants) == len(arrivals)
    assert told.refused == sum(tenant.refused for tenant in told.tenants)


def test_a_simulation_of_a_burst_waits_as_the_limit_says():
    told = simulate([Arrival(at=0, base="app1", budget=600) for _ in range(11)], exact(5, 50))
    assert told.tenants[0].wait_p95 == 2 * exact(5, 50).period


def test_times_are_told_as_people_say_them():
    assert [duration(seconds) for seconds in (0.2, 7, 862, 9_000)] == ["1 s", "7 s", "14 min", "2.5 h"]
