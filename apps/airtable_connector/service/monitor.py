"""Watches what the cache promises, without a look at how it does it: nobody reads less than an answered write."""

from collections import OrderedDict
from collections.abc import Iterable

from apps.airtable_connector.store import Entry
from chassis import Log, span

MOST = 1_000  # records written last by this process
CLOCKS = 1.0  # s; an answer may have been kept by another replica, whose clock differs


class Monitor:
    def __init__(self, log: Log) -> None:
        self._log = log
        self._written: OrderedDict[str, float] = OrderedDict()

    def wrote(self, records: Iterable[str], began: float) -> None:
        """A write of these, which `began` then (Unix time), is about to be answered."""
        for record in records:
            self._written[record] = began
            self._written.move_to_end(record)
        while len(self._written) > MOST:
            self._written.popitem(last=False)

    def is_past(self, record: str | None, entry: Entry) -> bool:
        """Whether the kept answer is older than a write that was answered; then it is told, and must not be served."""
        began = self._written.get(record or "")
        if began is None or not entry.asked_at or entry.asked_at >= began - CLOCKS:
            return False
        self._log.error("a kept answer was older than a write that was answered", record=record)
        with span("promise: no read is older than an answered write", {}, kind="internal") as found:
            found["error.type"] = "cache.older-than-write"
        return True
