"""Signed checkpoints, the tree's complete subtrees, and where checkpoints were exported to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from apps.audit_service.domain import merkle
from chassis import Change, Read

TILE = 8  # subtrees of 2^8 leaves and more are kept, what is smaller is computed from the leaves

_LAST = text("""
    SELECT size, note, peaks, signed_at FROM append_only.checkpoints
    WHERE tenant = :tenant AND size <= :most ORDER BY size DESC LIMIT 1
""")
_PAGE = text("""
    SELECT size, note, peaks, signed_at FROM append_only.checkpoints
    WHERE tenant = :tenant AND size > :after AND size <= :most ORDER BY size LIMIT :limit
""")
_NEXT = text("SELECT min(size) FROM append_only.checkpoints WHERE tenant = :tenant AND size > :index")
_ADD = text("""
    INSERT INTO append_only.checkpoints (tenant, size, note, peaks)
    VALUES (:tenant, :size, :note, CAST(:peaks AS bytea[]))
""")
_ADD_NODES = text("""
    INSERT INTO append_only.nodes (tenant, level, position, hash)
    SELECT :tenant, * FROM unnest(CAST(:level AS smallint[]), CAST(:position AS bigint[]), CAST(:hash AS bytea[]))
""")
_NODE = text("SELECT hash FROM append_only.nodes WHERE tenant = :tenant AND level = :level AND position = :position")
_NODES = text("""
    SELECT n.level, n.position, k.hash FROM unnest(CAST(:level AS smallint[]), CAST(:position AS bigint[]),
        CAST(:hash AS bytea[])) AS n (level, position, hash)
    LEFT JOIN append_only.nodes AS k ON k.tenant = :tenant AND k.level = n.level AND k.position = n.position
    WHERE k.hash IS DISTINCT FROM n.hash
""")
_LEAVES = text("""
    SELECT leaf FROM append_only.chain WHERE tenant = :tenant AND index >= :first AND index < :end ORDER BY index
""")
_NOT_EXPORTED = text("""
    SELECT c.size, c.note FROM append_only.checkpoints AS c
    WHERE c.tenant = :tenant AND NOT EXISTS (SELECT FROM append_only.exported AS e
        WHERE e.tenant = c.tenant AND e.size = c.size AND e.place = :place)
    ORDER BY c.size LIMIT :limit
""")
_EXPORTED = text("""
    INSERT INTO append_only.exported (tenant, size, place) VALUES (:tenant, :size, :place) ON CONFLICT DO NOTHING
""")
NO_END = 2**62


@dataclass(frozen=True, slots=True)
class Kept:
    """A checkpoint as it is kept: the signed note, and the roots of the complete subtrees it stands on."""

    size: int
    note: str
    peaks: list[bytes]
    signed_at: datetime


class CheckpointStore:
    async def last(self, read: Read, tenant: str, most: int = NO_END) -> Kept | None:
        """The largest one of at most `most` entries."""
        row = (await read.execute(_LAST, {"tenant": tenant, "most": most})).first()
        return _kept(row) if row else None

    async def page(self, read: Read, tenant: str, after: int, limit: int, most: int = NO_END) -> list[Kept]:
        """Those of more than `after` entries, in their order."""
        values = {"tenant": tenant, "after": after, "limit": limit, "most": most}
        return [_kept(row) for row in await read.execute(_PAGE, values)]

    async def covering(self, read: Read, tenant: str, index: int) -> int | None:
        """The size of the first checkpoint that covers this entry."""
        size: int | None = await read.scalar(_NEXT, {"tenant": tenant, "index": index})
        return size

    async def add(
        self, change: Change, tenant: str, tree: merkle.Peaks, note: str, nodes: Sequence[tuple[int, int, bytes]]
    ) -> None:
        """`nodes`: complete subtrees as (level, position, hash); small ones are left out. Raises IntegrityError when
        another replica was faster."""
        await change.execute(_ADD, {"tenant": tenant, "size": tree.size, "note": note, "peaks": tree.peaks})
        kept = [node for node in nodes if node[0] >= TILE]
        if kept:
            levels, positions, hashes = (list(values) for values in zip(*kept, strict=True))
            columns: dict[str, Any] = {"level": levels, "position": positions, "hash": hashes}
            await change.execute(_ADD_NODES, {"tenant": tenant, **columns})

    async def roots(self, read: Read, tenant: str, parts: Iterable[merkle.Range]) -> list[bytes]:
        """The root over each range of leaves."""
        found = []
        for part in parts:
            peaks = [await self._subtree(read, tenant, *subtree) for subtree in merkle.complete(part)]
            found.append(merkle.fold(peaks))
        return found

    async def other_nodes(
        self, read: Read, tenant: str, nodes: Sequence[tuple[int, int, bytes]]
    ) -> list[tuple[int, int, str]]:
        """Of complete subtrees, those that are kept otherwise: (level, position, `missing` or `another`)."""
        if not nodes:
            return []
        levels, positions, hashes = (list(values) for values in zip(*nodes, strict=True))
        columns: dict[str, Any] = {"level": levels, "position": positions, "hash": hashes}
        rows = await read.execute(_NODES, {"tenant": tenant, **columns})
        return [(row.level, row.position, "missing" if row.hash is None else "another") for row in rows]

    async def not_exported(self, read: Read, tenant: str, place: str, limit: int) -> list[tuple[int, str]]:
        """(size, note) of checkpoints that have not reached `place`, in their order."""
        rows = await read.execute(_NOT_EXPORTED, {"tenant": tenant, "place": place, "limit": limit})
        return [(row.size, row.note) for row in rows]

    async def exported(self, change: Change, tenant: str, size: int, place: str) -> None:
        await change.execute(_EXPORTED, {"tenant": tenant, "size": size, "place": place})

    async def _subtree(self, read: Read, tenant: str, level: int, position: int) -> bytes:
        if level >= TILE:
            node = await read.scalar(_NODE, {"tenant": tenant, "level": level, "position": position})
            if node is not None:
                return bytes(node)
        first, end = position << level, (position + 1) << level
        rows = await read.execute(_LEAVES, {"tenant": tenant, "first": first, "end": end})
        tree = merkle.Peaks()
        for leaf in rows.scalars():
            tree.add(bytes(leaf))
        return tree.root()


def _kept(row: Any) -> Kept:
    return Kept(row.size, row.note, [bytes(peak) for peak in row.peaks], row.signed_at)
