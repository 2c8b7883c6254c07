"""What records are now, as Airtable says: before a write, for its undoing, and after one whose answer was lost."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from apps.airtable_connector.clients import MergedCalls
from apps.airtable_connector.domain import cells, formulas, refusals, requests, shapes
from apps.airtable_connector.domain.calls import Call
from apps.airtable_connector.domain.cells import Cells
from apps.airtable_connector.domain.errors import (
    AirtableInvalidAnswer,
    AirtableInvalidRequest,
    AirtableMissingScope,
    AirtableNotFound,
    AirtableRefused,
)
from apps.airtable_connector.domain.journal import OperationRow, RecordRow
from apps.airtable_connector.service.connections import Connections
from apps.airtable_connector.settings import Settings
from apps.airtable_connector.store import JournalStore
from chassis import Database, Principal

MOST_PAGES = 20  # of 100 records; who made more in the time of one lost answer is not told apart
REFUSED = (AirtableInvalidRequest, AirtableMissingScope, AirtableNotFound, AirtableRefused)

Record = dict[str, Any]  # Airtable's own: id, createdTime, fields


class Images:
    """Past the cache, always. Raises what reading raises."""

    def __init__(
        self, settings: Settings, airtable: MergedCalls, connections: Connections, db: Database, store: JournalStore
    ) -> None:
        self._settings, self._airtable, self._connections = settings, airtable, connections
        self._db, self._store = db, store

    async def fill(
        self, operation: OperationRow, rows: Sequence[RecordRow], who: Principal, *, now: bool = False
    ) -> None:
        """Give each row its `before`, as the setting says, or with `now` in any case. What Airtable refuses to tell, it
        will refuse to change: then the rows stay without."""
        mode = "always" if now else self._settings.before_images
        if mode == "never" or all(row.kind == "create" for row in rows):
            return
        try:
            known = await self._known(operation, rows, who) if mode == "cached" else {}
            asked = [row.record for row in rows if row.record and row.record not in known]
            found = {**known, **await self.of(operation, asked, who)}
            for row in rows:
                row.before = found.get(row.record) if row.record else None
            await self._find_merged(operation, [row for row in rows if row.kind == "upsert"], who)
        except REFUSED:
            return

    async def of(
        self, operation: OperationRow, ids: Sequence[str], who: Principal, *, table: str | None = None
    ) -> dict[str, dict[str, Any]]:
        """The cells of these records; one that does not exist is missing. `table`: another one of the same base."""
        found = await self.records(operation, ids, who, table=table)
        return {id: record.get("fields", {}) for id, record in found.items()}

    async def records(
        self, operation: OperationRow, ids: Sequence[str], who: Principal, *, table: str | None = None
    ) -> dict[str, Record]:
        """The same as Airtable tells them."""
        table = table or operation.table
        if not ids:
            return {}
        if len(ids) == 1:
            call = requests.get_record(operation.base, table, ids[0], fields_by_id=operation.fields_by_id)
            try:
                raw = await self._ask(call, who)
            except (AirtableNotFound, AirtableRefused):
                return {}
            return {str(raw["id"]): raw}
        records = await self.where(operation, formulas.any_of(ids), who, table=table)
        return {str(record["id"]): record for record in records}

    async def created(
        self, operation: OperationRow, first: datetime, last: datetime, having: Sequence[Cells], who: Principal
    ) -> list[Record]:
        """What was made in this time and has one of these cells, if any are given."""
        formula = formulas.all_of(
            formulas.created_between(first, last), formulas.matching(list(having[0]), having) if having else None
        )
        return await self.where(operation, formula, who)

    async def where(
        self, operation: OperationRow, formula: str, who: Principal, *, table: str | None = None
    ) -> list[Record]:
        """Every record for which the formula is true. Raises AirtableInvalidAnswer for more than can be looked at."""
        found: list[Record] = []
        offset = ""
        for _ in range(MOST_PAGES):
            asked = {"filterByFormula": formula, "pageSize": "100"}
            if operation.fields_by_id:
                asked["returnFieldsByFieldId"] = "true"
            if offset:
                asked["offset"] = offset
            path = requests.table_path(operation.base, table or operation.table)
            raw = await self._ask(Call("GET", path, urlencode(asked), base=operation.base, read=True, lists=True), who)
            found += raw["records"]
            offset = raw.get("offset") or ""
            if not offset:
                return found
        raise AirtableInvalidAnswer(f"More than {MOST_PAGES * 100} records fit; they are not told apart.")

    async def _ask(self, call: Call, who: Principal) -> Any:
        answer = await self._airtable.send(await self._connections.choose(call, who.tenant), who.tenant)
        if not answer.ok:
            raise refusals.error_of(answer, read_only=True)
        return shapes.parsed(answer)

    async def _known(
        self, operation: OperationRow, rows: Sequence[RecordRow], who: Principal
    ) -> dict[str, dict[str, Any] | None]:
        ids = [row.record for row in rows if row.record]
        async with self._db.read(who) as read:
            newest = await self._store.newest_images(read, operation, ids, self._settings.before_images_age)
        return dict(newest)

    async def _find_merged(self, operation: OperationRow, rows: Sequence[RecordRow], who: Principal) -> None:
        """Which records an upsert will find. Two that fit are left to Airtable, which refuses them."""
        formula = formulas.matching(operation.merge_on, [row.sent or {} for row in rows]) if rows else None
        if formula is None:
            return
        records = await self.where(operation, formula, who)
        for row in rows:
            sent = {name: (row.sent or {}).get(name) for name in operation.merge_on}
            fitting = [one for one in records if not cells.differing(sent, one.get("fields", {}), operation.merge_on)]
            if len(fitting) == 1:
                row.record, row.before = str(fitting[0]["id"]), fitting[0].get("fields", {})
