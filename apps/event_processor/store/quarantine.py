"""What came as an event and is none, as it came."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from sqlalchemy import text

from apps.event_processor.domain.entries import UNKNOWN_TENANT
from chassis import Change, Principal, Read
from contracts.event_processor import Quarantined

SHOWN = 4_096  # bytes of each in a listing

_ADD = text("""
    INSERT INTO quarantine (digest, tenant, topic, reason, raw) VALUES (:digest, :tenant, :topic, :reason, :raw)
    ON CONFLICT (digest) DO NOTHING
""")
_PAGE = text("""
    SELECT id, topic, reason, arrived_at, length(raw) AS bytes, substring(raw FROM 1 FOR :shown) AS raw FROM quarantine
    WHERE tenant = ANY(CAST(:tenants AS text[])) AND id < :before ORDER BY id DESC LIMIT :most
""")
_TAKE = text("""
    SELECT topic, raw FROM quarantine WHERE tenant = ANY(CAST(:tenants AS text[])) AND id = :id FOR UPDATE
""")
_REMOVE = text("DELETE FROM quarantine WHERE id = :id")


class QuarantineStore:
    async def add(self, change: Change, topic: str, raw: bytes, reason: str, tenant: str) -> None:
        """Once, however often it comes."""
        digest = sha256(topic.encode() + b"\0" + raw).digest()
        row = {"digest": digest, "tenant": tenant, "topic": topic, "reason": reason, "raw": raw}
        await change.execute(_ADD, row)

    async def page(self, read: Read, before: int, most: int) -> list[Quarantined]:
        """Newest first, below the id `before`."""
        asked = {"tenants": visible(read.who), "before": before, "most": most, "shown": SHOWN}
        rows = (await read.execute(_PAGE, asked)).all()
        return [Quarantined.model_validate({**row._mapping, "raw": row.raw.decode(errors="replace")}) for row in rows]

    async def take(self, change: Change, id: int) -> Any:
        """(topic, raw) for the length of `change`, None when there is none."""
        return (await change.execute(_TAKE, {"tenants": visible(change.who), "id": id})).one_or_none()

    async def remove(self, change: Change, id: int) -> None:
        """One that was taken."""
        await change.execute(_REMOVE, {"id": id})


def visible(who: Principal) -> Sequence[str]:
    """Whose things `who` sees: its tenant's, and with every right also those that say not whose they are."""
    return [who.tenant, UNKNOWN_TENANT] if "*" in who.scopes else [who.tenant]
