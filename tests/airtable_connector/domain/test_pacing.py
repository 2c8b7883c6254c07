"""Airtable's limit as arithmetic."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from apps.airtable_connector.domain.pacing import LONGEST_WAY, PERIOD, Window


def test_the_first_five_go_at_once_and_the_sixth_a_second_after_the_first_answer() -> None:
    window = Window(5)
    places = []
    for _ in range(5):
        assert window.next_free(100.0) == 100.0
        places.append(window.take(100.0))
    assert window.next_free(100.0) == 100.0 + LONGEST_WAY + PERIOD
    window.answered(places[0], 100.02)
    assert window.next_free(100.02) == 100.02 + PERIOD


def test_late_news_of_a_place_taken_again_changes_nothing() -> None:
    window = Window(1)
    first = window.take(0.0)
    second = window.take(5.0)
    window.answered(first, 5.0)
    assert window.next_free(5.0) == 5.0 + LONGEST_WAY + PERIOD
    window.answered(second, 5.1)
    assert window.next_free(5.1) == 5.1 + PERIOD


def test_nothing_is_sent_while_a_penalty_runs() -> None:
    window = Window(5)
    window.hold(130.0)
    window.hold(110.0)
    assert window.next_free(100.0) == 130.0
    assert window.forecast(100.0, 6) == [130.0] * 5 + [130.0 + PERIOD]


@given(
    st.lists(st.tuples(st.floats(0, 0.5), st.floats(0, LONGEST_WAY), st.floats(0, 3)), min_size=1, max_size=40),
    st.integers(1, 6),
)
def test_however_slow_the_way_never_more_than_the_rate_arrive_in_a_second(
    requests: list[tuple[float, float, float]], rate: int
) -> None:
    """Each request: the pause before it, its way to Airtable, and how long Airtable then takes."""
    window, now = Window(rate), 0.0
    arrivals: list[float] = []
    under_way: list[tuple[float, object]] = []
    for pause, way, work in requests:
        now += pause
        while True:
            for answered, place in [entry for entry in under_way if entry[0] <= now]:
                window.answered(place, answered)  # type: ignore[arg-type]
                under_way.remove((answered, place))
            at = min([window.next_free(now), *(answered for answered, _ in under_way)])
            if at <= now:
                break
            now = at
        place = window.take(now)
        arrivals.append(now + way)
        under_way.append((now + way + work, place))
    arrivals.sort()
    for first, beyond in zip(arrivals, arrivals[rate:], strict=False):
        assert beyond - first >= 1.0


def test_a_forecast_is_what_then_happens_when_answers_come_at_once() -> None:
    window, now, sent = Window(5), 0.0, []
    forecast = window.forecast(now, 12)
    for _ in range(12):
        now = window.next_free(now)
        window.answered(window.take(now), now)
        sent.append(now)
    assert sent == forecast
    assert all(later >= earlier for earlier, later in pairwise(sent))
