"""The journal as it is told."""

from uuid import UUID

from apps.airtable_connector.domain.errors import OperationNotFound
from apps.airtable_connector.store import JournalStore
from chassis import Database, Principal
from contracts.airtable_connector import Operation, OperationRecord, OperationsQuery, OperationSummary
from contracts.listing import Listing


class Operations:
    def __init__(self, db: Database, store: JournalStore) -> None:
        self._db, self._store = db, store

    async def page(self, asked: OperationsQuery, who: Principal) -> Listing[OperationSummary]:
        async with self._db.read(who) as read:
            items = [OperationSummary.model_validate(row) for row in await self._store.page(read, asked)]
        more = len(items) > asked.page_size
        items = items[: asked.page_size]
        return Listing(items=items, next=str(items[-1].id) if more else None)

    async def get(self, operation: UUID, who: Principal) -> Operation:
        """Raises OperationNotFound."""
        async with self._db.read(who) as read:
            found = await self._store.find(read, operation)
            if found is None:
                raise OperationNotFound(f"There is no operation {operation}. GET /api/v1/operations lists them.")
            rows = await self._store.records(read, operation)
            reverts = await self._store.reverts_of(read, operation)
        details = [OperationRecord.model_validate(row, from_attributes=True) for row in rows]
        about = {name: getattr(found, name) for name in Operation.model_fields if hasattr(found, name)}
        return Operation(**about, records=len(rows), details=details, reverted_by=reverts)
