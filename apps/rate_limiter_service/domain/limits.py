"""Airtable's limits: so many requests in any second, counted where they arrive.

https://airtable.com/developers/web/api/rate-limits
"""

from dataclasses import dataclass

# A request is sent when it was told to be, but arrives a little later, and not always by the same amount. So a place
# in the window is given again not after one second, but after that and the difference two ways may have.
EXACT_PERIOD = 1.04  # s; the throughput is 0.96 of the limit
REAL_PERIOD = 1.11  # s; 4.5 requests a second instead of 5


@dataclass(frozen=True, slots=True)
class Limits:
    """At most `base_rate` requests of one base, and `token_rate` of one token, in any `period` seconds."""

    base_rate: int
    token_rate: int
    period: float

    @property
    def per_second(self) -> float:
        """What one base gets in the long run."""
        return self.base_rate / self.period


def exact(base_rate: int, token_rate: int) -> Limits:
    """As near to the limit as a quiet network allows."""
    return Limits(base_rate, token_rate, EXACT_PERIOD)


def real(base_rate: int, token_rate: int) -> Limits:
    """With room for a network nobody knows, and for what else uses the token."""
    return Limits(base_rate, token_rate, REAL_PERIOD)


def forecast(limits: Limits, first: float, ahead: int) -> float:
    """Seconds until the turn of who has `ahead` callers before them, the first of whom may go in `first` seconds."""
    return first + ahead // limits.base_rate * limits.period


def duration(seconds: float) -> str:
    """For people: `7 s`, `14 min`, `2.5 h`."""
    if seconds < 120:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 7_200 else f"{seconds / 3600:.1f} h"
