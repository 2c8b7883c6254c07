"""The simulator's time: real, moved forward, or frozen, so that windows and expiries can be tested in milliseconds."""

import contextlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime


class Clock:
    def __init__(self) -> None:
        # Monotonic from here on: a correction of the machine's clock must not reopen a rate window.
        self._zero = time.time() - time.monotonic()
        self._advanced = 0.0
        self._frozen: float | None = None
        self._held: float | None = None

    def seconds(self) -> float:
        """Seconds since the Unix epoch."""
        if self._held is not None:
            return self._held
        return self._real() if self._frozen is None else self._frozen

    @contextlib.contextmanager
    def held(self) -> Iterator[float]:
        """One moment for everything that is done inside."""
        now, before = self.seconds(), self._held
        self._held = now if before is None else before
        try:
            yield now
        finally:
            self._held = before

    def freeze(self, at: float | None = None) -> None:
        self._frozen = self.seconds() if at is None else at

    def advance(self, seconds: float) -> None:
        if self._frozen is None:
            self._advanced += seconds
        else:
            self._frozen += seconds

    def real(self) -> None:
        """Back to the machine's time; what was advanced is forgotten."""
        self._frozen, self._advanced = None, 0.0

    @property
    def frozen(self) -> bool:
        return self._frozen is not None

    def milliseconds_text(self) -> str:
        return iso(self.seconds())

    def seconds_text(self) -> str:
        """Whole seconds, as Airtable writes a record's createdTime."""
        return iso(float(int(self.seconds())))

    def _real(self) -> float:
        return self._zero + time.monotonic() + self._advanced


def iso(seconds: float) -> str:
    """`2026-01-31T09:15:00.000Z`, always UTC, always milliseconds."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
