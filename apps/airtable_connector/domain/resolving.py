"""What became of a write whose answer was lost, judged by what Airtable shows now.

Airtable does all of a call or nothing, so one record that tells decides for all. What somebody else may have written as
well is ambiguous, and stays so.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from apps.airtable_connector.domain import cells, diffs, restoring
from apps.airtable_connector.domain.journal import OperationRow, RecordRow
from contracts.airtable_connector import TableField

Verdict = Literal["done", "failed", "unknown"]
Sign = Verdict | None  # None: this record tells nothing
SOON, LATE = 5.0, 60.0  # seconds


def pause(tries: int) -> float:
    """Seconds until what could not be looked for, Airtable being away, is tried again: twice as many each time."""
    return min(SOON * (1 << min(tries - 1, 10)), LATE)


def judge(
    operation: OperationRow,
    rows: Sequence[RecordRow],
    now: Mapping[str, dict[str, Any]],
    made: Sequence[dict[str, Any]],
    twins: Sequence[dict[str, Any]],
    fields: Sequence[TableField],
) -> Verdict:
    """Complete the rows of one call.

    `now`: the cells of the records they name, as far as those exist; `made`: records created while it could have been
    done and that nobody's journal has; `twins`: cells of other creations in this table that are not resolved either.
    """
    known, new = [row for row in rows if row.record], [row for row in rows if not row.record]
    signs = {_sign(operation, row, now, fields) for row in known}
    found: dict[int, str] = {}
    if new:
        sign, found = _created(operation, new, made, twins, fields)
        signs.add(sign)
    verdict = _together(signs, bool(new))
    after = {**now, **{str(one["id"]): one.get("fields", {}) for one in made}}
    for row in rows:
        row.record = row.record or found.get(row.position)
        row.state = "unknown" if verdict == "done" and not row.record else verdict
        if row.state == "done":
            row.kind = {"upsert": "create" if row.position in found else "update"}.get(row.kind, row.kind)
            row.after = None if row.kind == "delete" else after.get(row.record or "")
    return verdict


def telling(rows: Sequence[RecordRow], fields: Sequence[TableField]) -> list[dict[str, Any]]:
    """One cell of each record that was to be made, by which Airtable finds it; empty when there is no such cell.

    A line of text is stored as it was sent, and so can be asked for: among all that was made meanwhile there may be too
    many to look at.
    """
    sent = [diffs.rekeyed(row.sent or {}, fields, by_id=False) for row in rows]
    for one in fields:
        texts = [cells.get(one.name) for cells in sent]
        if one.type == "singleLineText" and all(
            isinstance(text, str) and text and text.isprintable() and text == text.strip() for text in texts
        ):
            return [{one.name: text} for text in texts]
    return []


def _together(signs: set[Sign], creates: bool) -> Verdict:
    if "done" in signs and "failed" not in signs:
        return "unknown" if creates and "unknown" in signs else "done"
    if "failed" in signs and "done" not in signs:
        return "failed"
    return "done" if signs <= {None} else "unknown"


def _sign(
    operation: OperationRow, row: RecordRow, now: Mapping[str, dict[str, Any]], fields: Sequence[TableField]
) -> Sign:
    current = now.get(row.record or "")
    if row.kind == "delete":
        return "done" if current is None else "failed"
    if current is None:
        return "unknown"  # somebody deleted it since
    sent = diffs.rekeyed(row.sent or {}, fields, by_id=operation.fields_by_id)
    if row.kind == "replace":
        sent = dict.fromkeys(diffs.writable(fields, by_id=operation.fields_by_id)) | sent
    before = row.before
    if before is None:
        return "done" if all(cells.taken(value, current.get(name)) for name, value in sent.items()) else "unknown"
    telling = [name for name, value in sent.items() if cells.taken(value, before.get(name)) is False]
    if not telling:
        return None
    # A link is written from its other side too, maybe by this very call: it tells only where nothing else does.
    links = {key for one in fields if one.type == restoring.LINKS for key in (one.name, one.id)}
    telling = [name for name in telling if name not in links] or telling
    if all(cells.taken(sent[name], current.get(name)) for name in telling):
        return "done"
    return "failed" if not cells.differing(before, current, telling) else "unknown"


def _created(
    operation: OperationRow,
    rows: Sequence[RecordRow],
    made: Sequence[dict[str, Any]],
    twins: Sequence[dict[str, Any]],
    fields: Sequence[TableField],
) -> tuple[Sign, dict[int, str]]:
    """Whether the records are there, and which they are: position → id."""

    def fitting(sent: dict[str, Any]) -> tuple[str, ...]:
        wanted = diffs.rekeyed(sent, fields, by_id=operation.fields_by_id)
        return tuple(str(one["id"]) for one in made if _fits(wanted, one.get("fields", {})))

    of_rows = {row.position: fitting(row.sent or {}) for row in rows}
    of_twins = [fitting(twin) for twin in twins]
    if not any(of_rows.values()):
        return "failed", {}
    found: dict[int, str] = {}
    left = {candidates: list(candidates) for candidates in of_rows.values()}
    for position, candidates in of_rows.items():
        wanted = list(of_rows.values()).count(candidates) + of_twins.count(candidates)
        if len(candidates) != wanted:
            return "unknown", {}
        found[position] = left[candidates].pop(0)
    return ("done", found) if len(set(found.values())) == len(found) else ("unknown", {})


def _fits(sent: dict[str, Any], stored: dict[str, Any]) -> bool:
    return all(cells.taken(value, stored.get(name)) is not False for name, value in sent.items())
