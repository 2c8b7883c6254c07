"""What schema-service knows of a table, asked before a write."""

from collections.abc import Sequence

from chassis import Peer, segment
from contracts.airtable_connector import Cells
from contracts.schema_service import Candidates, Validations


class SchemaService(Peer, app_id="schema-service"):
    async def check(
        self, base: str, table: str, records: Sequence[Cells], *, typecast: bool, seconds: float
    ) -> Validations:
        """The mistakes in the cells, within `seconds`. Raises what the mesh raises, and schema-service's problems."""
        asked = Candidates(records=list(records), typecast=typecast)
        of = f"{segment(base)}/tables/{segment(table)}"
        return await self.post(f"/api/v1/schemas/{of}/check", Validations, json=asked, timeout=seconds)
