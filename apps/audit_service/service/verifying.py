"""Checking a trail against itself, its checkpoints and what was exported of them."""

import time

from apps.audit_service.clients import SecondPlace
from apps.audit_service.domain import merkle, notes
from apps.audit_service.domain.chain import GENESIS
from apps.audit_service.domain.verification import Walk
from apps.audit_service.service.checkpoints import Checkpoints
from apps.audit_service.store import CheckpointStore, RetentionStore, TrailStore
from apps.audit_service.store.checkpoints import NO_END, TILE
from chassis import Database, Principal, Read
from contracts.audit_service import Verification

STEP = 2_000  # entries between two looks at the clock
SECONDS = 8.0  # a call takes; the next goes on from there


class Verifying:
    def __init__(
        self,
        db: Database,
        trail: TrailStore,
        store: CheckpointStore,
        retention: RetentionStore,
        place: SecondPlace,
        checkpoints: Checkpoints,
    ) -> None:
        self._db = db
        self._trail = trail
        self._store = store
        self._retention = retention
        self._place = place
        self._checkpoints = checkpoints

    async def verify(self, first: int, end: int | None, who: Principal) -> Verification:
        """Entries `first` … `end`-1 (all for None), beginning at the checkpoint before; `next` when time ran out."""
        keys = (await self._checkpoints.signer()).keys
        tenant = who.tenant
        exported = await self._place.notes(tenant)
        until = time.monotonic() + SECONDS
        async with self._db.read(who) as read:
            size = (await self._trail.head(read, tenant)).index + 1
            end = size if end is None else min(end, size)
            walk = await self._begin(read, tenant, min(first, end), keys)
            start = walk.tree.size
            kept = await self._store.page(read, tenant, start, 100_000, end)
            in_range = [note for note in exported or () if start < notes.size_of(note) <= end]
            walk.expect([(each.size, each.note) for each in kept], in_range)
            walk.allow(await self._retention.tombstones(read, tenant, start, end))
            signed = kept[-1].size if kept else start
            while walk.tree.size < end and not walk.full and time.monotonic() < until:
                rows = await self._trail.walk(read, tenant, walk.tree.size, end, STEP)
                if not rows:
                    break
                finished = [node for node in walk.step(rows) if node[0] >= TILE and node[1] + 1 << node[0] <= signed]
                for level, position, found in await self._store.other_nodes(read, tenant, finished):
                    walk.broken(position << level, "node", f"Subtree {position} of level {level} is {found}.")
            beyond = NO_END if end == size else end
            stray = await self._trail.stray(read, tenant, start or -NO_END, beyond)
        if stray is not None:
            walk.broken(stray, "stray", f"Entry {stray} is beside the chain.")
        reached = walk.tree.size
        for note in exported or ():
            if reached >= size < notes.size_of(note):
                walk.broken(
                    size, "exported", f"{notes.size_of(note)} entries were signed and exported, {size} are left."
                )
        return Verification(
            ok=not walk.breaks,
            first=start,
            end=reached,
            entries=reached - start,
            erased=walk.erased,
            checkpoints=walk.checkpoints,
            exported=None if exported is None else walk.exported,
            size=size,
            breaks=sorted(walk.breaks, key=lambda each: each.index),
            next=reached if reached < end and not walk.breaks else None,
        )

    async def _begin(self, read: Read, tenant: str, first: int, keys: notes.Keys) -> Walk:
        """At the last checkpoint before `first` that can be believed, so that the tree needs no older leaves."""
        kept = await self._store.last(read, tenant, first)
        if kept is not None:
            tree = merkle.Peaks(kept.size, kept.peaks)
            try:
                said = notes.opened(kept.note, keys)
            except ValueError:
                said = None
            if isinstance(said, notes.Checkpoint) and (said.tenant, said.size, said.root) == (
                tenant,
                kept.size,
                tree.root(),
            ):
                return Walk(tenant, keys, tree, said.head)
        return Walk(tenant, keys, merkle.Peaks(), GENESIS)
