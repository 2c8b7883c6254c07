"""Faults on demand: which requests they hit, and what then goes wrong."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from typing import Any

KINDS = ("status", "delay", "drop-before", "drop-after", "truncate", "wrong-body", "iterator-expiry")
_KEYS = {"kind", "method", "path", "probability", "count", "status", "body", "headers", "seconds", "at_most", "bytes"}


class InvalidFault(ValueError):
    """Says which part of the fault's description is wrong."""


@dataclass
class Fault:
    """`path` is searched in the decoded path; `count` is how many requests are left to hit, None for all.

    A delay takes `seconds`, or any time from there to `at_most`, each as likely as another.
    """

    id: int
    kind: str
    method: str | None = None
    path: re.Pattern[str] = field(default_factory=lambda: re.compile(""))
    probability: float = 1.0
    count: int | None = None
    status: int = 503
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    at_most: float = 0.0
    bytes: int = 0
    hits: int = 0

    def shape(self) -> dict[str, Any]:
        shown = {key: getattr(self, key) for key in sorted(_KEYS)}
        return {"id": self.id, "hits": self.hits, **shown, "path": self.path.pattern}


class Faults:
    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self._faults: list[Fault] = []
        self._next_id = 1
        self._random = random.Random(1)

    def add(self, description: Any) -> Fault:
        fault = _checked(description, self._next_id)
        self._next_id += 1
        self._faults.append(fault)
        return fault

    def remove(self, fault_id: int) -> bool:
        before = len(self._faults)
        self._faults = [fault for fault in self._faults if fault.id != fault_id]
        return len(self._faults) < before

    def shapes(self) -> list[dict[str, Any]]:
        return [fault.shape() for fault in self._faults]

    def hit(self, method: str, path: str) -> list[Fault]:
        """The faults this request meets; their counts go down."""
        if not self._faults:
            return []
        hit = [fault for fault in self._faults if self._meets(fault, method, path)]
        for fault in hit:
            fault.hits += 1
            if fault.count is not None:
                fault.count -= 1
        return hit

    def delay(self, hit: list[Fault]) -> float:
        """Seconds that a request with these faults waits."""
        slow = (fault for fault in hit if fault.kind == "delay")
        return sum(self._random.uniform(fault.seconds, max(fault.seconds, fault.at_most)) for fault in slow)

    def _meets(self, fault: Fault, method: str, path: str) -> bool:
        if fault.count == 0 or fault.method not in (None, method) or not fault.path.search(path):
            return False
        return fault.probability >= 1.0 or self._random.random() < fault.probability


def _checked(given: Any, fault_id: int) -> Fault:
    if not isinstance(given, dict):
        raise InvalidFault("a fault is a JSON object")
    if unknown := sorted(set(given) - _KEYS):
        raise InvalidFault(f"unknown keys: {', '.join(unknown)}; known are {', '.join(sorted(_KEYS))}")
    if given.get("kind") not in KINDS:
        raise InvalidFault(f"kind must be one of {', '.join(KINDS)}")
    fault = Fault(fault_id, given["kind"], body=given.get("body"))
    try:
        fault.path = re.compile(given.get("path", ""))
    except (re.error, TypeError):
        raise InvalidFault("path must be a regular expression") from None
    if (method := given.get("method")) is not None:
        if not isinstance(method, str):
            raise InvalidFault("method must be a text")
        fault.method = method.upper()
    fault.probability = _number(given, "probability", 1.0, 0.0, 1.0)
    fault.seconds = _number(given, "seconds", 0.0, 0.0, 600.0)
    fault.at_most = _number(given, "at_most", 0.0, 0.0, 600.0)
    fault.bytes = int(_number(given, "bytes", 0, 0, 1e9))
    fault.status = int(_number(given, "status", 503 if fault.kind == "status" else 200, 200, 599))
    fault.count = None if given.get("count") is None else int(_number(given, "count", 1, 1, 1e9))
    headers = given.get("headers", {})
    parts = [part for pair in headers.items() for part in pair] if isinstance(headers, dict) else [None]
    if not all(isinstance(part, str) and part.isascii() and part.isprintable() for part in parts):
        raise InvalidFault("headers must map printable texts to printable texts")
    fault.headers = {key.lower(): value for key, value in headers.items()}
    return fault


def _number(given: dict[str, Any], key: str, default: float, lowest: float, highest: float) -> float:
    value = given.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not lowest <= value <= highest:
        raise InvalidFault(f"{key} must be a number from {lowest:g} to {highest:g}")
    return value
