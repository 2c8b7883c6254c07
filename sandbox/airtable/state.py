"""Everything one simulator holds, and how it returns to its start."""

from __future__ import annotations

import contextlib
import copy
import secrets
from collections.abc import Iterator
from typing import Any

from sandbox.airtable.change import Author
from sandbox.airtable.clock import Clock
from sandbox.airtable.faults import Faults
from sandbox.airtable.fetching import Fetching
from sandbox.airtable.files import Files
from sandbox.airtable.grants import Grant
from sandbox.airtable.http import Request
from sandbox.airtable.ids import Ids
from sandbox.airtable.iterators import Iterators
from sandbox.airtable.limits import Limiter, LimitSettings
from sandbox.airtable.oauth import OAuth
from sandbox.airtable.pictures import picture_size
from sandbox.airtable.request_log import RequestLog
from sandbox.airtable.schema import Base
from sandbox.airtable.seed import OWNER, Access, load
from sandbox.airtable.snapshots import Snapshots
from sandbox.airtable.state_file import StateFile, as_bytes, as_text, line_of, replay
from sandbox.airtable.webhooks.pings import Pings
from sandbox.airtable.webhooks.registry import Webhooks


class Sandbox:
    """`tokens` empty means that every token that looks like Airtable's is accepted.

    `missing_record` and `missing_table` are the forms of those two answers, of which Airtable has had several. `fetch`
    says which attachments' URLs are fetched, `origin` where their contents are served. A state file that is not empty
    brings its own seed.
    """

    def __init__(
        self,
        seed: dict[str, Any],
        *,
        tokens: frozenset[str] = frozenset(),
        limits: LimitSettings | None = None,
        missing_record: str = "404",
        missing_table: str = "403",
        fetch: str = "loopback",
        origin: str = "",
        state_file: StateFile | None = None,
    ) -> None:
        self.tokens = tokens
        self.missing_record, self.missing_table = missing_record, missing_table
        self.user = OWNER
        self.clock = Clock()
        self.faults = Faults()
        self.log = RequestLog()
        self._state_file: StateFile | None = None
        self.key, seed = self._opened(state_file, seed)
        self.files = Files(self.clock, self.key, origin)
        self._fetching = Fetching(fetch, self.file_arrived)
        self.webhooks = Webhooks(self.clock, Pings(self.clock).ping, self.key)
        self.oauth = OAuth(self.clock)
        self.snapshots = Snapshots()
        self.first_seed = seed
        self._first_limits = limits or LimitSettings()
        self.bases: dict[str, Base] = {}
        self.reset()
        if state_file is not None:
            replay(state_file.lines[1:], self)
            state_file.lines.clear()
            self._state_file = state_file
            if state_file.is_long():
                state_file.rewrite(self)

    def reset(self, seed: dict[str, Any] | None = None) -> None:
        """Everything as after a start with this seed. A seed that is refused changes nothing."""
        wanted = seed or self.first_seed
        bases, access = load(wanted), Access(wanted)
        self.access_seed = {key: wanted[key] for key in ("users", "tokens", "oauthClients") if key in wanted}
        self.users, self._grants = access.users, access.grants
        self.oauth.reset(access.clients, access.users)
        self.files.clear()
        self.bases = {}
        self.put(bases)
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
        """All bases as they were; open iterators end. Raises KeyError for a name that was not taken."""
        bases, drawn = self.snapshots.restore(snapshot)
        for base in bases:
            if (replaced := self.bases.get(base.id)) is not None:
                # The numbers of its transactions go on.
                base.version = replaced.version + 1
        self.bases = {}
        self.put(bases)
        self.ids.restore(drawn)
        self.webhooks.forget_unfit(self.bases)
        self.iterators.expire_all()

    def add(self, seed: dict[str, Any]) -> list[Base]:
        """Add the bases of a seed, replacing those with the same ids."""
        bases = load(seed)
        self.put(bases)
        return bases

    def put(self, bases: list[Base]) -> None:
        """Make them bases of this simulator, in place of those with the same ids."""
        for base in bases:
            base.clock = self.clock
            base.files = self.files if self.files.contents else None
            base.foreseers.append(self.webhooks.foresee)
            base.watchers += [self.webhooks.happened, self._fetching.happened]
            self.bases[base.id] = base

    def grant(self, token: str) -> Grant | None:
        """Who the token is; None when it is not accepted. Tokens of the seed end that any token is."""
        known = self._grants.get(token) or self.oauth.grant(token)
        if known is None and not self._grants:
            accepted = token in self.tokens if self.tokens else token.startswith("pat") and len(token) > 3
            known = Grant(self.user["id"]) if accepted else None
        return known

    def author(self, grant: Grant | None = None) -> Author:
        """The owner, for what happens without a token."""
        return Author(grant.user_id if grant else self.user["id"], self.clock, self.ids)

    def file_arrived(self, base_id: str, attachment_id: str, content: bytes, kind: str | None) -> None:
        """What was fetched for an attachment that may be gone by now."""
        base = self.bases.get(base_id)
        item = None if base is None else base.attachment(attachment_id)
        if base is None or item is None:
            return
        item |= {"size": len(content), "type": item.get("type", kind or "application/octet-stream")}
        item |= picture_size(content)
        self.files.keep(attachment_id, content)
        base.files = self.files
        base.version += 1
        if self._state_file is not None:
            line = {"plane": "files", "base": base.id, "attachment": attachment_id, "type": kind}
            self._state_file.keep(line | {"body": as_text(content)}, self)

    @contextlib.contextmanager
    def keeping(self, request: Request, plane: str) -> Iterator[None]:
        """Around a request that changes something: one moment for all of it, and kept before it is answered."""
        drawn = self.ids.drawn
        with self.clock.held() as now:
            yield
        if self._state_file is not None:
            self._state_file.keep(line_of(plane, drawn, now, request), self)

    def close(self) -> None:
        """After the last request: what the state file has to do again at the next start becomes a checkpoint."""
        if self._state_file is not None:
            self._state_file.settle(self)

    def _opened(self, state_file: StateFile | None, seed: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
        """The key of all signatures, and the seed."""
        if state_file is None:
            return secrets.token_bytes(32), seed
        if not state_file.lines:
            first = {"key": as_text(secrets.token_bytes(32)), "seed": seed}
            state_file.append(first)
            state_file.lines.append(first)
        return as_bytes(state_file.lines[0]["key"]), state_file.lines[0]["seed"]
