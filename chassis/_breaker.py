"""One circuit breaker per callee, and the budget retries are paid from."""

import time
from collections.abc import Callable
from typing import Literal

OPENS_AFTER = 5  # consecutive failures
# A killed app answers again about 2 s after the kill and its first success is due within 3 s, so an open breaker must
# not add more than a fraction of a second. A probe against a dead callee costs 3 ms, so four a second cost nothing.
PROBES_EVERY = 0.25  # seconds between probes
# A frozen callee never answers the probe. After this long another one may go, so that recovery is seen without waiting
# for the first probe's whole time budget; at most one a second hangs.
PROBE_PATIENCE = 1.0  # seconds

State = Literal["closed", "open", "half-open"]


class Breaker:
    """Closed: all calls go. Open: none goes. Half-open: one probe is under way, its outcome decides.

    `allow` before each call; then exactly one of `succeeded`, `failed` or `abandoned` (cancelled by its caller,
    says nothing about the callee).
    """

    FAIR = 1.0  # seconds; a caller with less time says nothing about the callee and must not open its breaker
    __slots__ = ("_clock", "_probe_at", "failures", "opened_at", "state")

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._probe_at = 0.0
        self.state: State = "closed"
        self.failures = 0
        self.opened_at: float | None = None  # Unix time, for people

    def allow(self) -> bool:
        if self.state == "closed":
            return True
        now = self._clock()
        if now < self._probe_at:
            return False
        self.state, self._probe_at = "half-open", now + PROBE_PATIENCE
        return True

    def succeeded(self) -> None:
        self.state, self.failures, self.opened_at = "closed", 0, None

    def failed(self) -> None:
        self.failures += 1
        if self.state == "open" or (self.state == "closed" and self.failures < OPENS_AFTER):
            return
        self.opened_at = self.opened_at or time.time()
        self.state = "open"
        self._probe_at = self._clock() + PROBES_EVERY

    def abandoned(self) -> None:
        if self.state == "half-open":
            self.state = "open"
            self._probe_at = self._clock()


class RetryBudget:
    """Allows retries for a tenth of the calls, so that a failing callee is not hit twice as hard when it is weakest.

    Every call earns a tenth of a retry; at most `RESERVE` are saved up, which is also the start.
    """

    RATIO = 0.1
    RESERVE = 10.0
    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = self.RESERVE

    def earn(self) -> None:
        self._left = min(self.RESERVE, self._left + self.RATIO)

    def spend(self) -> bool:
        """Whether a retry may be made now; takes it from the budget when so."""
        if self._left < 1:
            return False
        self._left -= 1
        return True
