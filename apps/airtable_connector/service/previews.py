"""What a write would change, without writing it."""

from collections.abc import Sequence

from apps.airtable_connector.domain import diffs
from apps.airtable_connector.domain.calls import Call
from apps.airtable_connector.domain.journal import RecordRow
from apps.airtable_connector.service.journal import Journal
from apps.airtable_connector.service.tables import Tables
from chassis import Principal, audit
from contracts.airtable_connector import DryRun, RecordDiff, TableField


class Previews:
    def __init__(self, journal: Journal, tables: Tables) -> None:
        self._journal, self._tables = journal, tables

    async def of(self, calls: Sequence[Call], who: Principal) -> DryRun:
        """The diff of all calls of one request. Raises what reading raises."""
        audit(dry_run=1)
        found: list[RecordDiff] = []
        operation = self._journal.begin(calls[0], who)
        fields = await self.fields(operation.row.base, operation.row.table, who)
        for call in calls:
            rows: list[RecordRow] = await self._journal.look(operation, call)
            found += [diffs.of_write(row, fields, by_id=operation.row.fields_by_id) for row in rows]
        return DryRun(changes=found, text=diffs.text(found))

    async def fields(self, base: str, table: str, who: Principal) -> list[TableField]:
        """The table's fields, none when there is no such table."""
        tables = await self._tables.of(base, who.tenant)
        return next((one.fields for one in tables if table == one.id or table.lower() == one.name.lower()), [])
