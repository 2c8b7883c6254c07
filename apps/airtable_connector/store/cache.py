"""The read cache in Dapr state: keys, generations, lifetimes. It may be lost, and it may be away.

An entry's key holds the generation of its base's records, or of its schema. The first is one for all tables, because a
write to one changes links, lookups and rollups of others, and because a table has two names, its id and its name.
"""

import asyncio
import gzip
import math
import time
from collections import OrderedDict
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from typing import TypeVar

import orjson

from apps.airtable_connector.settings import Settings
from chassis import AppError, Generations, State

T = TypeVar("T")

PATIENCE = 0.25  # s the state store gets before a read goes on without it
PAUSE = 2.0  # s it is then left alone
WORTH_GZIP = 1_400  # bytes; what fits into one packet gains nothing
GZIP_LEVEL = 3  # 55 KB of records in under a millisecond, to a quarter


@dataclass(frozen=True, slots=True)
class Entry:
    """An answer as it is served. `fresh_until` is Unix time; after it the entry only stands in for a dead Airtable.

    A large body is kept gzipped: compressed once, it is a quarter of the bytes for every sidecar it passes.
    """

    body: bytes
    content_type: str
    fresh_until: float
    etag: str
    gzipped: bool = False

    @classmethod
    def of(cls, body: bytes, content_type: str, fresh_for: float) -> "Entry":
        etag = f'W/"{blake2b(body, digest_size=12).hexdigest()}"'
        gzipped = len(body) >= WORTH_GZIP
        kept = gzip.compress(body, compresslevel=GZIP_LEVEL, mtime=0) if gzipped else body
        return cls(kept, content_type, time.time() + fresh_for, etag, gzipped)

    @property
    def plain(self) -> bytes:
        """The body for who takes no gzip."""
        return gzip.decompress(self.body) if self.gzipped else self.body

    @property
    def fresh(self) -> bool:
        return time.time() < self.fresh_until

    @property
    def ttl(self) -> int:
        """Seconds it is still fresh; negative: for so long it is not."""
        return math.floor(self.fresh_until - time.time())

    def packed(self) -> bytes:
        head = {name: getattr(self, name) for name in ("content_type", "fresh_until", "etag", "gzipped")}
        return orjson.dumps(head) + b"\n" + self.body

    @classmethod
    def unpacked(cls, packed: bytes) -> "Entry":
        head, _, body = packed.partition(b"\n")
        return cls(body, **orjson.loads(head))


class CacheAway(Exception):
    """The state store does not answer now: read on without it."""


class ReadCache:
    """Never fails a read: what cannot be had raises CacheAway, at once while the store is known to be away."""

    def __init__(self, settings: Settings, state: State, generations: Generations) -> None:
        self._settings, self._state, self._generations = settings, state, generations
        self._away_until = 0.0
        self._near = _Near(settings.near_cache)
        self._not_invalidated: set[str] = set()

    @property
    def on(self) -> bool:
        return self._settings.read_cache_ttl > 0

    async def generation(self, scope: str) -> str:
        """The word that is part of every key of `scope` (a base, or what stands outside any). Raises CacheAway."""
        if word := self._generations.leased(scope):
            return word
        if scope in self._not_invalidated:
            return await self._renew(scope)
        return await self._patiently(self._generations.of(scope))

    async def invalidate(self, scope: str) -> None:
        """Nobody finds what was cached of `scope` before now; when the store is away, once it is back."""
        self._generations.forget(scope)
        try:
            await self._renew(scope)
        except CacheAway:
            self._not_invalidated.add(scope)
        else:
            await self._generations.lapse()

    async def find(self, key: str) -> Entry | None:
        """The entry, fresh or stale. Raises CacheAway."""
        near = self._near.find(key)
        if near is not None and time.time() < near.fresh_until + self._settings.stale_if_error:
            return near
        found = await self._patiently(self._state.get(key, bytes))
        if found is None:
            return None
        entry = Entry.unpacked(found[0])
        self._near.keep(key, entry)
        return entry

    async def keep(self, key: str, entry: Entry) -> None:
        """Best effort: a store that is away is no failure of the read that is done."""
        self._near.keep(key, entry)
        lifetime = timedelta(seconds=max(1, entry.fresh_until - time.time() + self._settings.stale_if_error))
        try:
            await self._patiently(self._state.save(key, entry.packed(), ttl=lifetime))
        except CacheAway:
            return

    async def _renew(self, scope: str) -> str:
        word = await self._patiently(self._generations.renew(scope))
        self._not_invalidated.discard(scope)
        return word

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


def entry_key(token: str, scope: str, generation: str, surface: str, method: str, path: str, query: bytes) -> str:
    """Where the answer to a read is kept. `token` says of whose: two tokens may see different things."""
    asked = blake2b(digest_size=16)
    for part in (surface.encode(), method.encode(), path.encode(), query):
        asked.update(len(part).to_bytes(4, "big") + part)
    return f"read:{token}:{scope}:{generation}:{asked.hexdigest()}"


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
