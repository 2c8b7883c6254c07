"""How a write ended whose process died or whose answer was lost, as the journal says: for its audit entry, and for who
repeats its key."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from apps.airtable_connector.domain import answers
from apps.airtable_connector.domain.journal import OperationRow
from apps.airtable_connector.store import JournalStore
from chassis import Database, Ended, KeptAnswer, Read, service

UNKNOWN = "airtable.write-unknown"
LONGEST = timedelta(seconds=130)  # a write, and what its process may take after it to say how it ended
JSON = b"application/json"


class Outcomes:
    def __init__(self, db: Database, store: JournalStore) -> None:
        self._db, self._store = db, store

    async def ended(self, entry: dict[str, Any]) -> Ended | None:
        """None as long as the resolver is looking for it."""
        known = entry["metadata"].get("operation")
        if known is None:  # about no cells, so in no journal: its process may be at it as long as a request lasts
            over = datetime.fromisoformat(entry["occurred_at"]) + LONGEST < datetime.now(UTC)
            return Ended("unknown", UNKNOWN) if over else None
        async with self._db.read(service(self._db.app_id)) as read:
            operation = await self._store.find(read, UUID(known), any_tenant=True)
            match operation.state if operation else "failed":  # forgotten: it found nothing to undo
                case "intended":
                    return None
                case "failed":
                    return Ended("failed", operation.error if operation else None)
                case "done" | "partial":
                    return Ended("succeeded", answer=await self._answer(read, operation, entry))
            return Ended("unknown", UNKNOWN, await self._answer(read, operation, entry))

    async def _answer(self, read: Read, operation: OperationRow | None, entry: dict[str, Any]) -> KeptAnswer | None:
        if operation is None:
            return None
        rows = await self._store.records(read, operation.id)
        told = answers.of(operation, rows, as_airtable=entry["context"]["route"].startswith("/v0/"))
        if told is None:
            return None
        named = (b"x-platform-operation", str(operation.id).encode())
        return KeptAnswer(told[0], [(b"content-type", JSON), named], told[1])
