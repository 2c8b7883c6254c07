"""Refusals of nobody in particular, kept few: who has no key can fill nobody's trail."""

import asyncio
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

SINGLE = 10  # of one address, route and minute that get an entry each; the rest of the minute is one entry
PLACES = 1_000  # addresses and routes told apart in one minute; beyond that they are one
MINUTE = 60.0  # seconds

Place = tuple[str, str, str]


class Refusals:
    """Hands each refusal to `keep`, or counts it; what was counted in a minute follows when it is over.

    A process that is killed hard takes with it what it counted in the running minute, and never more.
    """

    def __init__(self, keep: Callable[[dict[str, Any]], None]) -> None:
        self._keep = keep
        self._minute = 0
        self._seen: dict[Place, int] = {}
        self._counted: dict[Place, tuple[str, dict[str, Any]]] = {}  # since when, and the last of them

    def add(self, entry: dict[str, Any]) -> None:
        if entry["actor"]["type"] != "anonymous":
            self._keep(entry)
            return
        self._turn()
        about = entry["context"]
        place = about.get("address", ""), about["route"], about["method"]
        if place not in self._seen and len(self._seen) >= PLACES:
            place = "", "", ""
            about = {"method": about["method"], "route": "(many)"}
            entry = {**entry, "context": about}
        self._seen[place] = self._seen.get(place, 0) + 1
        if self._seen[place] <= SINGLE:
            self._keep(entry)
        else:
            since, _ = self._counted.get(place, (entry["occurred_at"], None))
            self._counted[place] = since, entry

    def flush(self) -> None:
        """Write what was counted so far."""
        for place, (since, entry) in self._counted.items():
            about = {**entry["context"], "count": self._seen[place] - SINGLE}
            when = {"first": since, "last": entry["occurred_at"], "window_seconds": int(MINUTE)}
            self._keep({**entry, "id": str(uuid4()), "context": about, "metadata": when})
        self._seen.clear()
        self._counted.clear()

    async def run(self) -> None:
        """Flush in time also when nothing more comes."""
        while True:
            await asyncio.sleep(MINUTE - time.time() % MINUTE)
            self._turn()

    def _turn(self) -> None:
        minute = int(time.time() // MINUTE)
        if minute != self._minute:
            self.flush()
            self._minute = minute
