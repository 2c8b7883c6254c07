"""Airtable's rate limits: 5 requests/s per base, 50/s per user, and 30 s of refusals for a base after an excess.

A request counts when it arrives, in a sliding second. Requests refused during a penalty neither count nor
prolong it, and an excess of a user alone refuses without a penalty (both unverified). All tokens of a user count
together, as Airtable documents.
"""

from collections import deque
from dataclasses import dataclass


@dataclass
class LimitSettings:
    """`retry_after` is the value of the header on a 429; Airtable documents none. `form`: `plural` or `singular`."""

    enabled: bool = True
    base_per_second: int = 5
    user_per_second: int = 50
    penalty_seconds: float = 30.0
    retry_after: int | None = None
    calls_per_month: int | None = None
    form: str = "plural"


#: Above this many, windows nobody has used for a second are dropped.
_MOST_WINDOWS = 10_000


class Limiter:
    def __init__(self, settings: LimitSettings) -> None:
        self.settings = settings
        self._arrivals: dict[str, deque[float]] = {}
        self._penalty_until: dict[str, float] = {}
        self._month, self._calls = "", 0

    def admit(self, base_id: str | None, user_id: str, now: float) -> bool:
        """Count the request and say whether Airtable would serve it. `base_id` is None outside any base."""
        if not self.settings.enabled:
            return True
        if base_id is not None and now < self._penalty_until.get(base_id, 0.0):
            return False
        within = self._count(user_id, self.settings.user_per_second, now)
        if base_id is not None and not self._count(base_id, self.settings.base_per_second, now):
            self._penalty_until[base_id] = now + self.settings.penalty_seconds
            return False
        return within

    def within_month(self, month: str) -> bool:
        """Count a call that was admitted, and say whether the plan still has it. `month` is `2026-01`."""
        if month != self._month:
            self._month, self._calls = month, 0
        self._calls += 1
        most = self.settings.calls_per_month
        return most is None or self._calls <= most

    def penalties(self, now: float) -> dict[str, float]:
        """Seconds of penalty left per base."""
        return {base: until - now for base, until in self._penalty_until.items() if until > now}

    def forget(self) -> None:
        self._calls = 0
        self._arrivals.clear()
        self._penalty_until.clear()

    def _count(self, key: str, per_second: int, now: float) -> bool:
        if len(self._arrivals) > _MOST_WINDOWS:
            self._arrivals = {name: seen for name, seen in self._arrivals.items() if seen[-1] > now - 1.0}
        window = self._arrivals.setdefault(key, deque())
        while window and window[0] <= now - 1.0:
            window.popleft()
        window.append(now)
        return len(window) <= per_second
