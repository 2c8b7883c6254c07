"""How long bytes are kept, and taking them out."""

from dataclasses import dataclass

from sqlalchemy import text

from chassis import Change, Read

_CURRENT = text("SELECT days FROM append_only.retention WHERE tenant = :tenant ORDER BY set_at DESC LIMIT 1")
_SET = text("""
    INSERT INTO append_only.retention (tenant, days, set_by, set_at) VALUES (:tenant, :days, :set_by, clock_timestamp())
""")
_PAST = text("""
    SELECT min(index) AS first, max(index) AS last FROM (
        SELECT e.index FROM append_only.entries AS e
        JOIN append_only.chain AS c ON c.tenant = e.tenant AND c.index = e.index
        WHERE e.tenant = :tenant AND e.index < :size AND c.received_at < now() - make_interval(days => :days)
        ORDER BY e.index LIMIT :most
    ) AS past
""")
_TELL = text("""
    INSERT INTO append_only.tombstones (tenant, first, last, note) VALUES (:tenant, :first, :last, :note)
""")
_ERASE = text("SELECT append_only.erase(:tenant, :first, :last)")
_TOMBSTONES = text("""
    SELECT note FROM append_only.tombstones WHERE tenant = :tenant AND last >= :first AND first < :end ORDER BY first
""")


@dataclass(frozen=True, slots=True)
class Past:
    """Indexes of entries that are past their retention."""

    first: int
    last: int


class RetentionStore:
    async def days(self, read: Read, tenant: str) -> int | None:
        found: int | None = await read.scalar(_CURRENT, {"tenant": tenant})
        return found

    async def set(self, change: Change, days: int | None) -> None:
        await change.execute(_SET, {"tenant": change.tenant, "days": days, "set_by": change.actor})

    async def past(self, read: Read, tenant: str, days: int, size: int, most: int) -> Past | None:
        """The oldest `most` of the first `size` entries that are older than `days` and still have their bytes."""
        values = {"tenant": tenant, "days": days, "size": size, "most": most}
        row = (await read.execute(_PAST, values)).one()
        return None if row.first is None else Past(row.first, row.last)

    async def erase(self, change: Change, tenant: str, past: Past, note: str) -> int:
        """Tell of it and take the bytes out; how many entries lost theirs."""
        values = {"tenant": tenant, "first": past.first, "last": past.last}
        await change.execute(_TELL, {**values, "note": note})
        erased: int = await change.scalar(_ERASE, values)
        return erased

    async def tombstones(self, read: Read, tenant: str, first: int, end: int) -> list[str]:
        return list((await read.execute(_TOMBSTONES, {"tenant": tenant, "first": first, "end": end})).scalars())
