"""Copies of all bases to return to: what a long test does once, others start from."""

from __future__ import annotations

from typing import Any

import orjson

from sandbox.airtable.base_document import base_of, document_of
from sandbox.airtable.schema import Base

MOST = 20


class Snapshots:
    """By name; above `MOST` the oldest goes."""

    def __init__(self) -> None:
        self._taken: dict[str, bytes] = {}

    def names(self) -> list[str]:
        return list(self._taken)

    def take(self, name: str, bases: dict[str, Base], drawn: int) -> None:
        """Replaces one of the same name. `drawn` is where the sequence of ids is."""
        self._taken.pop(name, None)
        self._taken[name] = orjson.dumps({"drawn": drawn, "bases": [document_of(base) for base in bases.values()]})
        if len(self._taken) > MOST:
            del self._taken[next(iter(self._taken))]

    def restore(self, name: str) -> tuple[list[Base], int]:
        """Copies of the bases as they were, and where the ids were. Raises KeyError for an unknown name."""
        snapshot = orjson.loads(self._taken[name])
        return [base_of(document) for document in snapshot["bases"]], snapshot["drawn"]

    def clear(self) -> None:
        self._taken.clear()

    def documents(self) -> dict[str, Any]:
        return {name: orjson.Fragment(content) for name, content in self._taken.items()}

    def put_back(self, documents: dict[str, Any]) -> None:
        self._taken = {name: orjson.dumps(content) for name, content in documents.items()}
