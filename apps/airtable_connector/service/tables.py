"""Ids of tables that callers call by name: what is written in the journal and in events stays true after a renaming."""

import time

from apps.airtable_connector.domain import requests, shapes
from apps.airtable_connector.service.reads import Reads
from chassis import AppError
from contracts.airtable_connector import Table
from contracts.listing import Listing

KEPT = 300.0  # s


class Tables:
    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._known: dict[tuple[str, str], tuple[float, dict[str, str]]] = {}

    async def id_of(self, base: str, table: str, tenant: str) -> str:
        """The id, and the name as it came when there is no such table or nobody tells."""
        if table.startswith("tbl") and len(table) == 17:
            return table
        until, ids = self._known.get((tenant, base), (0.0, {}))
        if time.monotonic() > until:
            try:
                ids = {one.name.lower(): one.id for one in await self.of(base, tenant)}
            except AppError:
                return table
            self._known[tenant, base] = time.monotonic() + KEPT, ids
        return ids.get(table.lower(), table)

    async def of(self, base: str, tenant: str) -> list[Table]:
        """The base's schema, at most as old as the cache allows. Raises what reading raises."""
        served = await self._reads.serve(requests.tables(base), tenant, shapes.TABLES)
        return Listing[Table].model_validate_json(served.entry.plain).items
