"""What this app asks of other apps."""

from apps.audit_service.domain import UnknownBase
from chassis import Peer
from contracts.airtable_connector import Table
from contracts.listing import Listing


class AirtableConnector(Peer, app_id="airtable-connector"):
    async def tables(self, base: str) -> list[Table]:
        """The tables of a base. Raises UnknownBase when the connector answers 404."""
        found = await self.get(f"/api/v1/bases/{base}/tables", Listing[Table], not_found=UnknownBase)
        return found.items
