"""The read cache in Dapr state: keys, lifetimes, and the versions of each base. It may be lost, and it may be away.

A process may use the versions for a moment (LEASE) without asking the store again. So a change is answered only after
that moment (`lapse`): by then every process asks anew, and whoever knows of the change sees it.
"""

import asyncio
import gzip
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields
from datetime import timedelta
from hashlib import blake2b
from typing import TypeVar
from weakref import WeakValueDictionary

import orjson

from apps.airtable_connector.domain.versions import Versions
from apps.airtable_connector.settings import Settings
from chassis import AppError, State, StateConflict

T = TypeVar("T")

PATIENCE = 0.25  # s the state store gets before a read goes on without it
PAUSE = 2.0  # s it is then left alone
LEASE = 0.025  # s; at 200 reads a second it saves four of five questions to the store
LEASES_KEPT = 1_000  # bases
KEPT = timedelta(days=1)  # without a change; answers are kept for less
WORTH_GZIP = 1_400  # bytes; what fits into one packet gains nothing
GZIP_LEVEL = 3  # 55 KB of records in under a millisecond, to a quarter


@dataclass(frozen=True, slots=True)
class Entry:
    """An answer as it is served. `fresh_until` is Unix time; after it the entry only stands in for a dead Airtable.
    `asked_at`: when Airtable was asked; 0 where the answer has an offset, which dies by itself. `told`: the number of
    the last event whose cells were written into it since.

    A large body is kept gzipped: compressed once, it is a quarter of the bytes for every sidecar it passes.
    """

    body: bytes
    content_type: str
    fresh_until: float
    etag: str
    gzipped: bool = False
    asked_at: float = 0.0
    told: int = 0

    @classmethod
    def of(cls, body: bytes, content_type: str, fresh_for: float, asked_at: float = 0.0) -> "Entry":
        etag = f'W/"{blake2b(body, digest_size=12).hexdigest()}"'
        gzipped = len(body) >= WORTH_GZIP
        kept = gzip.compress(body, compresslevel=GZIP_LEVEL, mtime=0) if gzipped else body
        return cls(kept, content_type, time.time() + fresh_for, etag, gzipped, asked_at)

    @property
    def plain(self) -> bytes:
        """The body for who takes no gzip."""
        return gzip.decompress(self.body) if self.gzipped else self.body

    def packed(self) -> bytes:
        head = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "body"}
        return orjson.dumps(head) + b"\n" + self.body

    @classmethod
    def unpacked(cls, packed: bytes) -> "Entry":
        head, _, body = packed.partition(b"\n")
        return cls(body, **orjson.loads(head))


class CacheAway(Exception):
    """The state store does not answer now: read on without it."""


class ReadCache:
    """Never fails a read: what cannot be had raises CacheAway, at once while the store is known to be away."""

    def __init__(self, settings: Settings, state: State) -> None:
        self._settings, self._state = settings, state
        self._away_until = 0.0
        self._near = _Near(settings.near_cache)
        self._leases: dict[str, tuple[Versions, float]] = {}
        self._changes = 0
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._not_changed: set[str] = set()

    @property
    def on(self) -> bool:
        return self._settings.read_cache_ttl > 0

    async def versions(self, scope: str) -> Versions:
        """Those of a base, or of what stands outside any; to be read only. Raises CacheAway."""
        leased, until = self._leases.get(scope, (None, 0.0))
        if leased and time.monotonic() < until:
            return leased
        asked, changes = time.monotonic(), self._changes
        found = None if scope in self._not_changed else await self._patiently(self._state.get(_key(scope), Versions))
        versions = found[0] if found else await self._changed(scope, None)
        if changes == self._changes:
            if len(self._leases) >= LEASES_KEPT:
                self._leases.clear()
            self._leases[scope] = versions, asked + LEASE
        return versions

    async def change(self, scope: str, touch: Callable[[Versions], None]) -> Versions | None:
        """Let `touch` change them, as one step. None when the store is away: once it is back, nobody finds what was
        kept of `scope` before."""
        try:
            return await self._changed(scope, touch)
        except CacheAway:
            self._not_changed.add(scope)
            return None

    async def lapse(self) -> None:
        """Wait until every process asks the store anew."""
        await asyncio.sleep(LEASE + 0.002)  # a timer may be early by a tick

    async def find(self, key: str) -> Entry | None:
        """The entry, fresh or stale. Raises CacheAway."""
        near = self._near.find(key)
        if near is not None and self._lifetime(near) > 0:
            return near
        found = await self._patiently(self._state.get(key, bytes))
        if found is None:
            return None
        entry = Entry.unpacked(found[0])
        self._near.keep(key, entry)
        return entry

    def keep_near(self, key: str, entry: Entry) -> None:
        """In this process alone."""
        self._near.keep(key, entry)

    async def keep(self, key: str, entry: Entry) -> None:
        """Best effort: a store that is away is no failure of the read that is done."""
        self.keep_near(key, entry)
        lifetime = timedelta(seconds=max(1, self._lifetime(entry)))
        try:
            await self._patiently(self._state.save(key, entry.packed(), ttl=lifetime))
        except CacheAway:
            return

    def fresh_until(self, entry: Entry, versions: Versions) -> float:
        """Longer where every change since is told."""
        longest = entry.asked_at + self._settings.heard_cache_ttl
        heard = entry.asked_at > 0 and versions.heard_since(entry.asked_at)
        return max(entry.fresh_until, min(versions.heard[1], longest)) if heard else entry.fresh_until

    def _lifetime(self, entry: Entry) -> float:
        fresh = max(entry.fresh_until, entry.asked_at + self._settings.heard_cache_ttl if entry.asked_at else 0.0)
        return fresh + self._settings.stale_if_error - time.time()

    async def _changed(self, scope: str, touch: Callable[[Versions], None] | None) -> Versions:
        async with self._turns.setdefault(scope, asyncio.Lock()):
            renews = touch is not None or scope in self._not_changed
            if renews:
                self._forget(scope)
            versions = await self._patiently(self._in_one_step(scope, touch))
            self._not_changed.discard(scope)
            if renews:
                self._forget(scope)
        return versions

    def _forget(self, scope: str) -> None:
        self._changes += 1
        self._leases.pop(scope, None)

    async def _in_one_step(self, scope: str, touch: Callable[[Versions], None] | None) -> Versions:
        while True:
            versions, etag = await self._state.get(_key(scope), Versions) or (Versions(), State.NEW)
            if scope in self._not_changed:
                versions.everything(schema=True)
            elif touch is None and etag:
                return versions
            if touch:
                touch(versions)
            try:
                await self._state.save(_key(scope), versions, ttl=KEPT, etag=etag)
            except StateConflict:
                continue
            return versions

    async def _patiently(self, operation: Awaitable[T]) -> T:
        now = time.monotonic()
        if now < self._away_until:
            if asyncio.iscoroutine(operation):
                operation.close()
            raise CacheAway
        if self._away_until:
            self._away_until = now + PATIENCE  # one asks whether it is back, the others do not wait for that
        try:
            async with asyncio.timeout(PATIENCE):
                done = await operation
        except (TimeoutError, AppError) as failure:
            self._away_until = time.monotonic() + PAUSE
            raise CacheAway from failure
        self._away_until = 0.0
        return done


def _key(scope: str) -> str:
    return f"versions:{scope}"


def entry_key(token: str, number: str, surface: str, method: str, path: str, query: bytes) -> str:
    """Where the answer to a read is kept. `token` says of whose: two tokens may see different things."""
    asked = blake2b(digest_size=16)
    for part in (surface.encode(), method.encode(), path.encode(), query):
        asked.update(len(part).to_bytes(4, "big") + part)
    return f"read:{token}:{number}:{asked.hexdigest()}"


class _Near:
    """Entries in this process, the longest unused forgotten first. Safe because a key never changes its meaning."""

    def __init__(self, most_bytes: int) -> None:
        self._most, self._size = most_bytes, 0
        self._entries: OrderedDict[str, Entry] = OrderedDict()

    def find(self, key: str) -> Entry | None:
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def keep(self, key: str, entry: Entry) -> None:
        if old := self._entries.pop(key, None):
            self._size -= len(old.body)
        if len(entry.body) > self._most // 4:
            return
        self._entries[key] = entry
        self._size += len(entry.body)
        while self._size > self._most:
            _, gone = self._entries.popitem(last=False)
            self._size -= len(gone.body)
