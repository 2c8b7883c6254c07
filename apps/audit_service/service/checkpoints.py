"""Signing how far a trail has come, and proving what is in it."""

from datetime import UTC, datetime
from uuid import UUID

import orjson
from sqlalchemy.exc import IntegrityError

from apps.audit_service.clients import SecondPlace
from apps.audit_service.domain import merkle, notes
from apps.audit_service.domain.errors import PlaceAway, TrailChanged, UnknownCheckpoint, UnknownEntry
from apps.audit_service.store import CheckpointStore, SearchStore, TrailStore
from chassis import Database, Log, Principal, Read, Secrets, service
from contracts.audit_service import Checkpoint, ConsistencyProof, InclusionProof, SigningKey

KEY, HANDOVERS = "audit/signing-key", "audit/handovers"  # secrets; the second a JSON list of signed notes
STEP = 5_000  # leaves read at once
EXPORTED_AT_ONCE = 100


class Checkpoints:
    def __init__(
        self,
        db: Database,
        trail: TrailStore,
        store: CheckpointStore,
        search: SearchStore,
        place: SecondPlace,
        secrets: Secrets,
        log: Log,
    ) -> None:
        self._db = db
        self._trail = trail
        self._store = store
        self._search = search
        self._place = place
        self._secrets = secrets
        self._log = log

    async def signer(self) -> notes.Signer:
        """With the key in use, and those before it. Raises ValueError and what `Secrets.get` raises."""
        key, former = await self._secrets.get(KEY), await self._secrets.get(HANDOVERS)
        return notes.Signer(key, orjson.loads(former))

    async def sign_all(self) -> None:
        """Sign and export what came since the last time, of every tenant. One that fails holds up no other."""
        async with self._db.read(service(self._db.app_id)) as read:
            tenants = await self._trail.tenants(read)
        for tenant in tenants:
            try:
                await self.sign(tenant)
                await self.export(tenant)
            except (TrailChanged, PlaceAway) as error:
                self._log.error("no checkpoint", of=tenant, problem=str(error))

    async def sign(self, tenant: str) -> None:
        """Sign the tree as it is now. Raises TrailChanged when it is not the last checkpoint's, grown."""
        signer = await self.signer()
        who = service(self._db.app_id, tenant)
        async with self._db.read(who) as read:
            head = await self._trail.head(read, tenant)
            last = await self._store.last(read, tenant)
            if last is None:
                tree = merkle.Peaks()
            else:
                tree = merkle.Peaks(last.size, last.peaks)
                self._require_own(tenant, last.note, tree, signer)
            await self._require_grown(read, tenant, head.index + 1, tree, signer)
            nodes = []
            end = head.index + 1
            for first in range(tree.size, end, STEP):
                for leaf in await self._trail.leaves(read, tenant, first, min(first + STEP, end)):
                    nodes += tree.add(leaf)
        if last is not None and last.size == end:
            return
        if tree.size != end:
            raise TrailChanged(f"Entries of {tenant} are missing before index {head.index}.")
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        note = signer.sign(notes.Checkpoint(tenant, end, tree.root(), head.hash, now))
        try:
            async with self._db.change(who) as change:
                await self._store.add(change, tenant, tree, note, nodes)
        except IntegrityError:
            return  # another replica was faster

    async def export(self, tenant: str) -> None:
        """Put what has not got there into the second place. Raises PlaceAway; the next time goes on from there."""
        who = service(self._db.app_id, tenant)
        async with self._db.read(who) as read:
            waiting = await self._store.not_exported(read, tenant, self._place.name, EXPORTED_AT_ONCE)
        for size, note in waiting:
            await self._place.put(tenant, size, note)
            async with self._db.change(who) as change:
                await self._store.exported(change, tenant, size, self._place.name)

    async def key(self) -> SigningKey:
        keys = (await self.signer()).keys
        return SigningKey(key=notes.verifier_key(keys.current), handovers=keys.handovers)

    async def page(self, who: Principal, after: int, limit: int) -> list[Checkpoint]:
        async with self._db.read(who) as read:
            kept = await self._store.page(read, who.tenant, after, limit)
        return [Checkpoint(size=each.size, note=each.note, signed_at=each.signed_at) for each in kept]

    async def inclusion(self, which: UUID, size: int | None, who: Principal) -> InclusionProof:
        """Raises UnknownEntry, UnknownCheckpoint."""
        async with self._db.read(who) as read:
            found = await self._search.link(read, who.tenant, which)
            if found is None:
                raise UnknownEntry(f"The trail has no entry {which}.")
            size = size or await self._store.covering(read, who.tenant, found.index)
            checkpoint = await self._checkpoint(read, who, size) if size else None
            if checkpoint is None or checkpoint.size <= found.index:
                raise UnknownCheckpoint(
                    f"No checkpoint covers entry {found.index} yet; the next is signed within a minute."
                )
            path = await self._store.roots(read, who.tenant, merkle.inclusion(found.index, checkpoint.size))
        return InclusionProof(
            index=found.index, leaf=found.leaf.hex(), proof=[each.hex() for each in path], checkpoint=checkpoint.note
        )

    async def consistency(self, first: int, second: int, who: Principal) -> ConsistencyProof:
        """Raises UnknownCheckpoint."""
        async with self._db.read(who) as read:
            old, new = await self._checkpoint(read, who, first), await self._checkpoint(read, who, second)
            path = await self._store.roots(read, who.tenant, merkle.consistency(first, second))
        return ConsistencyProof(first=old.note, second=new.note, proof=[each.hex() for each in path])

    async def _checkpoint(self, read: Read, who: Principal, size: int) -> Checkpoint:
        kept = await self._store.last(read, who.tenant, size)
        if kept is None or kept.size != size:
            raise UnknownCheckpoint(f"There is no checkpoint of {size} entries.")
        return Checkpoint(size=kept.size, note=kept.note, signed_at=kept.signed_at)

    def _require_own(self, tenant: str, note: str, tree: merkle.Peaks, signer: notes.Signer) -> None:
        try:
            said = notes.opened(note, signer.keys)
        except ValueError as error:
            raise TrailChanged(f"The last checkpoint of {tenant} is not ours: {error}.") from None
        if not isinstance(said, notes.Checkpoint) or (said.tenant, said.size, said.root) != (
            tenant,
            tree.size,
            tree.root(),
        ):
            raise TrailChanged(f"The last checkpoint of {tenant} does not fit its tree.")

    async def _require_grown(
        self, read: Read, tenant: str, size: int, signed: merkle.Peaks, signer: notes.Signer
    ) -> None:
        """The last note that was exported must tell of the beginning of this trail.

        A trail that was cut, or restored from an older backup, and has grown again since, is another one.
        """
        exported = await self._place.notes(tenant)
        if not exported:
            return
        try:
            said = notes.opened(exported[-1], signer.keys)
        except ValueError as error:
            raise TrailChanged(f"The last exported checkpoint of {tenant} is not ours: {error}.") from None
        if not isinstance(said, notes.Checkpoint):
            return
        if said.size > size:
            raise TrailChanged(f"The trail of {tenant} has {size} entries; {said.size} were signed and exported.")
        if said.size == signed.size:
            root = signed.root()
        else:
            (root,) = await self._store.roots(read, tenant, [(0, said.size)])
        if root != said.root:
            raise TrailChanged(
                f"The first {said.size} entries of {tenant} are not those that were signed and exported."
            )
