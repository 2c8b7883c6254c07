"""Appending to a tenant's chain, and reading it in its order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from apps.audit_service.domain.chain import GENESIS
from chassis import Change, Read

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:tenant, 0))")
_HEAD = text("SELECT index AS at, hash FROM append_only.chain WHERE tenant = :tenant ORDER BY index DESC LIMIT 1")
_KNOWN = text("SELECT id, index AS at, hash FROM append_only.chain WHERE tenant = :tenant AND id = ANY(:ids)")
_CHAIN = text("""
    INSERT INTO append_only.chain (tenant, index, id, leaf, hash)
    SELECT :tenant, * FROM unnest(CAST(:index AS bigint[]), CAST(:id AS uuid[]), CAST(:leaf AS bytea[]),
        CAST(:hash AS bytea[]))
""")
# Columns of `entries` beside tenant and index, and what each travels as. An array of arrays would have to be a
# rectangle, so lists travel as text; U+001F is in no name that is sent.
_SENT = {
    "entry": "bytea",
    "occurred_at": "timestamptz",
    **dict.fromkeys(("action", "outcome", "actor_type", "actor", "acting_for"), "text"),
    **dict.fromkeys(("service", "request_id", "trace_id", "targets", "words"), "text"),
    "address": "text",
    "schema_version": "integer",
    "flaws": "text",
}
_KEPT_AS = {
    "targets": "string_to_array(targets, E'\\x1f')",
    "flaws": "string_to_array(flaws, E'\\x1f')",
    "address": "CAST(address AS inet)",
    "words": "to_tsvector('simple', words)",
}
_ENTRIES = text(f"""
    INSERT INTO append_only.entries (tenant, index, {", ".join(_SENT)})
    SELECT :tenant, index, {", ".join(_KEPT_AS.get(name, name) for name in _SENT)}
    FROM unnest(CAST(:index AS bigint[]), {", ".join(f"CAST(:{name} AS {type}[])" for name, type in _SENT.items())})
        AS new (index, {", ".join(_SENT)})
""")  # noqa: S608  the names above are all that is put in
_WALK = text("""
    SELECT c.index AS at, c.id, c.leaf, c.hash, c.received_at, e.entry, e.occurred_at, e.action, e.outcome,
        e.actor_type, e.actor, e.acting_for, e.service, e.request_id, e.trace_id, e.targets, host(e.address) AS address
    FROM append_only.chain AS c LEFT JOIN append_only.entries AS e ON e.tenant = c.tenant AND e.index = c.index
    WHERE c.tenant = :tenant AND c.index >= :first AND c.index < :end ORDER BY c.index LIMIT :most
""")
_STRAY = text("""
    SELECT min(index) FROM (
        SELECT e.index FROM append_only.entries AS e
        WHERE e.tenant = :tenant AND e.index >= :first AND e.index < :end
            AND NOT EXISTS (SELECT FROM append_only.chain AS c WHERE c.tenant = e.tenant AND c.index = e.index)
        UNION ALL SELECT index FROM append_only.chain WHERE tenant = :tenant AND index < 0
    ) AS stray
""")
_LEAVES = text("""
    SELECT leaf FROM append_only.chain WHERE tenant = :tenant AND index >= :first AND index < :end ORDER BY index
""")
_TENANTS = text("""
    WITH RECURSIVE each AS (
        (SELECT tenant FROM append_only.chain ORDER BY tenant LIMIT 1)
        UNION ALL
        SELECT (SELECT c.tenant FROM append_only.chain AS c WHERE c.tenant > each.tenant ORDER BY c.tenant LIMIT 1)
        FROM each WHERE each.tenant IS NOT NULL
    ) SELECT tenant FROM each WHERE tenant IS NOT NULL
""")

Link = tuple[bytes, bytes]  # leaf, hash


@dataclass(frozen=True, slots=True)
class Head:
    """The last link: `index` is -1 and `hash` the genesis for a tenant without entries."""

    index: int = -1
    hash: bytes = GENESIS


class TrailStore:
    """Every method names the tenant: the app appends for all of them."""

    async def lock(self, change: Change, tenant: str) -> None:
        """Append alone, of all replicas, until the transaction ends."""
        await change.execute(_LOCK, {"tenant": tenant})

    async def head(self, read: Read, tenant: str) -> Head:
        row = (await read.execute(_HEAD, {"tenant": tenant})).first()
        return Head(row.at, bytes(row.hash)) if row else Head()

    async def known(self, read: Read, tenant: str, ids: Sequence[UUID]) -> dict[UUID, tuple[int, bytes]]:
        """(index, hash) of those that are in the chain already."""
        rows = await read.execute(_KNOWN, {"tenant": tenant, "ids": list(ids)})
        return {row.id: (row.at, bytes(row.hash)) for row in rows}

    async def append(
        self,
        change: Change,
        tenant: str,
        first: int,
        rows: Sequence[dict[str, Any]],
        links: Sequence[tuple[bytes, bytes]],
    ) -> None:
        """Insert `rows` (columns of `entries`, and `id`) from index `first` on, each with its link: (leaf, hash)."""
        indexes = list(range(first, first + len(rows)))
        leaves, hashes = [link[0] for link in links], [link[1] for link in links]
        chain = {"index": indexes, "id": [row["id"] for row in rows], "leaf": leaves, "hash": hashes}
        await change.execute(_CHAIN, {"tenant": tenant, **chain})
        columns: dict[str, Any] = {name: [_sent(row[name]) for row in rows] for name in _SENT}
        await change.execute(_ENTRIES, {"tenant": tenant, "index": indexes, **columns})

    async def walk(self, read: Read, tenant: str, first: int, end: int, most: int) -> list[Any]:
        """Rows of chain and entries in order; `entry` is None where the bytes are gone."""
        wanted = {"tenant": tenant, "first": first, "end": end, "most": most}
        return list(await read.execute(_WALK, wanted))

    async def stray(self, read: Read, tenant: str, first: int, end: int) -> int | None:
        """The first entry that no link of the chain stands for, or a link before the first."""
        found: int | None = await read.scalar(_STRAY, {"tenant": tenant, "first": first, "end": end})
        return found

    async def leaves(self, read: Read, tenant: str, first: int, end: int) -> list[bytes]:
        rows = await read.execute(_LEAVES, {"tenant": tenant, "first": first, "end": end})
        return [bytes(leaf) for leaf in rows.scalars()]

    async def tenants(self, read: Read) -> list[str]:
        return list((await read.execute(_TENANTS)).scalars())


def _sent(value: Any) -> Any:
    return "\x1f".join(value) if isinstance(value, list) else value
