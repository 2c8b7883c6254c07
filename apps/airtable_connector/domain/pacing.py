"""Airtable's limit as arithmetic: at most n requests in any second, seen from where they arrive.

We know when a request was sent and when its answer came; it arrived somewhere between. So its place is
given free one second after the answer, or after the longest way there that we believe in.
"""

from dataclasses import dataclass

PERIOD = 1.01  # s; the second, and the timers' grain
LONGEST_WAY = 0.25  # s; from sending a request to its arrival, connection set-up included


@dataclass(frozen=True, slots=True)
class Place:
    """A place taken in a window, to be handed back when the answer is there."""

    index: int
    serial: int


class Window:
    """`rate` places, each free again one period after its request has arrived for certain."""

    def __init__(self, rate: int, free_from: float = 0.0) -> None:
        self._free_at = [free_from] * rate
        self._serials = [0] * rate
        self._serial = 0
        self._held_until = 0.0

    @property
    def idle_from(self) -> float:
        """When all places are free and no penalty is running."""
        return max(self._held_until, *self._free_at)

    def next_free(self, now: float) -> float:
        """When the next request may be sent: `now`, or later."""
        return max(now, self._held_until, min(self._free_at))

    def forecast(self, now: float, count: int) -> list[float]:
        """When each of the next `count` requests can be sent at the earliest."""
        free = sorted(max(now, self._held_until, at) for at in self._free_at)
        return [free[index % len(free)] + index // len(free) * PERIOD for index in range(count)]

    def take(self, now: float) -> Place:
        """Send one now; the caller has looked at `next_free`."""
        index = min(range(len(self._free_at)), key=self._free_at.__getitem__)
        self._serial += 1
        self._serials[index] = self._serial
        self._free_at[index] = now + LONGEST_WAY + PERIOD
        return Place(index, self._serial)

    def answered(self, place: Place, now: float) -> None:
        """Its answer is there, so it arrived before now. Late news of a place taken again is ignored."""
        if self._serials[place.index] == place.serial:
            self._free_at[place.index] = min(self._free_at[place.index], now + PERIOD)

    def hold(self, until: float) -> None:
        """Send nothing before `until`: Airtable's penalty."""
        self._held_until = max(self._held_until, until)
