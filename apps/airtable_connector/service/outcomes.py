"""How a write ended whose process died or whose answer was lost, for its audit entry: as the journal says."""

from typing import Any
from uuid import UUID

from apps.airtable_connector.store import JournalStore
from chassis import Database, Ended, service

UNKNOWN = "airtable.write-unknown"


class Outcomes:
    def __init__(self, db: Database, store: JournalStore) -> None:
        self._db, self._store = db, store

    async def ended(self, entry: dict[str, Any]) -> Ended | None:
        """None as long as the resolver is looking for it."""
        known = entry["metadata"].get("operation")
        if known is None:
            return Ended("unknown", UNKNOWN)  # about no cells, and so in no journal
        async with self._db.read(service(self._db.app_id)) as read:
            operation = await self._store.find(read, UUID(known), any_tenant=True)
        match operation.state if operation else "failed":  # forgotten: it found nothing to undo
            case "intended":
                return None
            case "done" | "partial":
                return Ended("succeeded")
            case "failed":
                return Ended("failed", operation.error if operation else None)
        return Ended("unknown", UNKNOWN)
