"""Everything one simulator holds, and how it returns to its start."""

from __future__ import annotations

import copy
from typing import Any

from sandbox.airtable.change import Author
from sandbox.airtable.clock import Clock
from sandbox.airtable.faults import Faults
from sandbox.airtable.ids import Ids
from sandbox.airtable.iterators import Iterators
from sandbox.airtable.limits import Limiter, LimitSettings
from sandbox.airtable.request_log import RequestLog
from sandbox.airtable.schema import Base
from sandbox.airtable.seed import OWNER, load
from sandbox.airtable.snapshots import Snapshots
from sandbox.airtable.webhooks.pings import Pings
from sandbox.airtable.webhooks.registry import Webhooks


class Sandbox:
    """`tokens` empty means that every token that looks like Airtable's is accepted.

    `missing_record` is the status for a record that does not exist: 404, or 403 as reported in 2026.
    """

    def __init__(
        self,
        seed: dict[str, Any],
        *,
        tokens: frozenset[str] = frozenset(),
        limits: LimitSettings | None = None,
        missing_record: int = 404,
    ) -> None:
        self.tokens = tokens
        self.missing_record = missing_record
        self.user = OWNER
        self.clock = Clock()
        self.faults = Faults()
        self.log = RequestLog()
        self.snapshots = Snapshots()
        self.webhooks = Webhooks(self.clock, Pings(self.clock).ping)
        self._first_seed = seed
        self._first_limits = limits or LimitSettings()
        self.bases: dict[str, Base] = {}
        self.reset()

    def reset(self, seed: dict[str, Any] | None = None) -> None:
        """Everything as after a start with this seed. A seed that is refused changes nothing."""
        self.bases = {base.id: base for base in self._loaded(seed or self._first_seed)}
        self.ids = Ids()
        self.reset_controls()

    def reset_controls(self) -> None:
        """Clock, limits, faults, webhooks, open iterators and log as after a start; the data stays."""
        self.iterators = Iterators(self.ids)
        self.webhooks.clear()
        self.limiter = Limiter(copy.copy(self._first_limits))
        self.clock.real()
        self.faults.clear()
        self.log.clear()

    def restore(self, snapshot: str) -> None:
        """All records as they were; open iterators end. Raises KeyError for a name that was not taken."""
        self.bases = self.snapshots.restore(snapshot, self.ids)
        self.iterators.expire_all()

    def add(self, seed: dict[str, Any]) -> list[Base]:
        """Add the bases of a seed, replacing those with the same ids."""
        bases = self._loaded(seed)
        self.bases |= {base.id: base for base in bases}
        return bases

    def _loaded(self, seed: dict[str, Any]) -> list[Base]:
        bases = load(seed)
        for base in bases:
            base.clock = self.clock
            base.watchers.append(self.webhooks.happened)
        return bases

    def accepts(self, token: str) -> bool:
        return token in self.tokens if self.tokens else token.startswith("pat") and len(token) > 3

    def author(self) -> Author:
        return Author(self.user["id"], self.clock, self.ids)
