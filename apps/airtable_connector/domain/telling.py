"""The event that tells of one written record."""

from typing import Any

import orjson

from apps.airtable_connector.domain import cells
from apps.airtable_connector.domain.journal import OperationRow, RecordRow
from contracts.airtable_connector import RecordCreated, RecordDeleted, RecordUpdated
from contracts.airtable_connector.events import MAX_VALUES


def event_of(operation: OperationRow, row: RecordRow) -> RecordCreated | RecordUpdated | RecordDeleted:
    """`row` is done."""
    about: dict[str, Any] = {
        "base": operation.base,
        "table": operation.table,
        "record": row.record,
        "operation": str(operation.id),
    }
    if row.kind == "delete":
        return RecordDeleted(**about)
    after = row.after or {}
    changed = list(after) if row.kind == "create" else changed_cells(row)
    values = {name: after.get(name) for name in changed}
    fits = len(orjson.dumps(values)) <= MAX_VALUES
    about |= {"fields": changed, "fields_by_id": operation.fields_by_id, "values_left_out": not fits}
    kind = RecordCreated if row.kind == "create" else RecordUpdated
    return kind(**about, values=values if fits else None)


def changed_cells(row: RecordRow) -> list[str]:
    """What an update changed; without an image from before, what it named."""
    if row.before is None:
        return list(row.sent or {})
    return cells.differing(row.before, row.after or {})
