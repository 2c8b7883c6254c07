"""What this app asks of other apps."""

from apps.schema_service.domain import UnknownBase
from chassis import Peer, segment
from contracts.airtable_connector import Table
from contracts.listing import Listing


class AirtableConnector(Peer, app_id="airtable-connector"):
    async def tables(self, base: str, *, kept: bool = False) -> list[Table]:
        """The tables of a base as Airtable has them now, or as the connector keeps them for some seconds.

        Raises UnknownBase when the connector answers 404.
        """
        now = {} if kept else {"cache-control": "no-cache"}
        found = await self.get(
            f"/api/v1/bases/{segment(base)}/tables", Listing[Table], headers=now, not_found=UnknownBase
        )
        return found.items
