"""What a write changes, cell by cell: for programs and for people."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from apps.airtable_connector.domain import cells
from apps.airtable_connector.domain.journal import RecordRow
from contracts.airtable_connector import CellChange, RecordDiff, TableField

SHOWN = 60  # characters of a value


def rekeyed(sent: dict[str, Any], fields: Sequence[TableField], *, by_id: bool) -> dict[str, Any]:
    """Cells by field name, or by id, however the caller named each of them."""
    known = {field.name: field.id for field in fields} if by_id else {field.id: field.name for field in fields}
    return {known.get(name, name): value for name, value in sent.items()}


def writable(fields: Sequence[TableField], *, by_id: bool) -> list[str]:
    """Names (or ids) of the cells Airtable takes."""
    kept = [field for field in fields if field.type not in cells.NO_LONGER_WRITABLE]
    return [field.id if by_id else field.name for field in kept]


def of_write(row: RecordRow, fields: Sequence[TableField], *, by_id: bool) -> RecordDiff:
    """What writing this row would change. `before` is what is there now."""
    before, sent = row.before or {}, rekeyed(row.sent or {}, fields, by_id=by_id)
    kind: Any = {"replace": "update", "upsert": "update" if row.record else "create"}.get(row.kind, row.kind)
    note = None
    if kind == "delete":
        after: dict[str, Any] = {}
        note = None if row.before is not None else "There is no such record."
    elif row.kind == "replace":
        after = {name: value for name, value in before.items() if name not in writable(fields, by_id=by_id)} | sent
    else:
        after = {**before, **sent}
    if kind == "update" and row.before is None:
        note = "There is no such record."
    changed = cells.differing(before, after)
    return RecordDiff(kind=kind, record=row.record, cells=changes(before, after, changed), note=note)


def changes(
    before: cells.Cells, after: cells.Cells, names: Iterable[str], *, conflict: bool = False
) -> list[CellChange]:
    return [CellChange(field=name, before=before.get(name), after=after.get(name), conflict=conflict) for name in names]


def text(diffs: Iterable[RecordDiff]) -> str:
    """A line a record and one a cell: `~ update rec…`, `    City: "Graz" → "Lyon"`."""
    lines: list[str] = []
    for diff in diffs:
        sign = {"create": "+", "delete": "-", "update": "~", "nothing": "="}[diff.kind]
        lines.append(f"{sign} {diff.kind} {diff.record or 'a new record'}{f' ({diff.note})' if diff.note else ''}")
        for cell in diff.cells:
            stays = "  CONFLICT" if cell.conflict else ""
            lines.append(f"    {cell.field}: {_shown(cell.before)} → {_shown(cell.after)}{stays}")
    return "\n".join(lines)


def _shown(value: Any) -> str:
    if cells.empty(value):
        return "(empty)"
    told = orjson.dumps(value).decode()
    return told if len(told) <= SHOWN else f"{told[: SHOWN - 1]}…"
