"""What the simulator has seen: the last requests one by one, and counts of all."""

from __future__ import annotations

from collections import Counter, deque
from typing import Any

KEPT = 10_000


class RequestLog:
    def __init__(self) -> None:
        self._sequence = 0
        self.clear()

    def clear(self) -> None:
        """Sequence numbers go on, so that nobody's `since` skips a request."""
        self._entries: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._by_status: Counter[str] = Counter()
        self._by_base: Counter[str] = Counter()

    def arrived(self, method: str, path: str, query: str, base: str | None, at: float) -> dict[str, Any]:
        """An entry without an answer yet; tokens and bodies are never kept."""
        self._sequence += 1
        entry = {
            "sequence": self._sequence,
            "arrived": at,
            "method": method,
            "path": path,
            "query": query,
            "base": base,
            "status": None,
            "fault": None,
            "milliseconds": None,
        }
        self._entries.append(entry)
        if base:
            self._by_base[base] += 1
        return entry

    def answered(self, entry: dict[str, Any], status: int | None, milliseconds: float) -> None:
        """`status` is None when the connection was dropped instead."""
        entry["status"], entry["milliseconds"] = status, round(milliseconds, 3)
        self._by_status[str(status) if status else "dropped"] += 1

    def since(self, sequence: int) -> dict[str, Any]:
        return {
            "requests": [entry for entry in self._entries if entry["sequence"] > sequence],
            "last": self._sequence,
            "byStatus": dict(self._by_status),
            "byBase": dict(self._by_base),
        }
