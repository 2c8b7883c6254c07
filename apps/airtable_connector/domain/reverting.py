"""What undoing an operation takes, record by record, judged by what the journal has and by what is there now.

A cell that is no longer what the operation left was changed by somebody since: it stays, unless forced. What is already
as it was before needs nothing, which is why a revert that stopped half way can be repeated.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from apps.airtable_connector.domain import cells, diffs, restoring
from apps.airtable_connector.domain.journal import RecordRow
from contracts.airtable_connector import RecordDiff, Revert, TableField

UNKNOWN_BEFORE = "What was there before is not in the journal."


@dataclass(frozen=True, slots=True)
class Scene:
    """What there is now. Fields by the key that the journal calls their cells by (name or id).

    `renamed`: deleted record → what it came back as. `linked`: the linked records that there are. `returning`: those
    that this very revert may bring back. `uncertain`: deleted records that may have come back already, by a call whose
    answer was lost. `fresh`: whether the addresses of attachments that the journal has still work.
    """

    fields: Mapping[str, TableField]
    now: Mapping[str, cells.Cells]
    renamed: Mapping[str, str]
    linked: Collection[str]
    returning: Collection[str] = ()
    uncertain: Collection[str] = ()
    fresh: bool = True

    def called(self, record: str | None) -> str:
        return self.renamed.get(record or "", record or "")

    def present(self, told: cells.Cells | None) -> dict[str, Any]:
        """Cells of the journal in today's terms: the writable ones that still exist, links to what there is."""
        found = {name: value for name, value in (told or {}).items() if name in self.fields}
        for name, value in found.items():
            if self.fields[name].type == restoring.LINKS:
                linked = dict.fromkeys(self.called(one) for one in value)
                found[name] = [one for one in linked if one in self.linked or one in self.returning]
        return {name: v for name, v in found.items() if self.fields[name].type not in cells.NO_LONGER_WRITABLE}


@dataclass(slots=True)
class Step:
    """What undoing one record takes: `cells` are what it shall have, of an update those that change."""

    kind: Literal["create", "update", "delete", "nothing"]
    record: str  # of a create the one that was deleted
    diff: RecordDiff
    cells: dict[str, Any] = field(default_factory=dict)
    conflicts: int = 0
    impossible: bool = False
    lost: list[str] = field(default_factory=list)


def plan(rows: Sequence[RecordRow], scene: Scene, asked: Revert) -> list[Step]:
    """In the order of the operation; without the records that were not asked for."""
    return [_step(row, scene, asked) for row in rows if _asked_for(row, scene, asked)]


def folded(rows: Sequence[RecordRow]) -> list[RecordRow]:
    """One row a record, from what it was first to what it was last; none where nothing happened."""
    found: dict[Any, RecordRow] = {}
    for row in rows:
        if row.state == "failed":
            continue
        first = found.get(row.record) if row.record else None
        if first is None:
            found[row.record or row.position] = replace(row)
        else:
            first.state, first.after = row.state, row.after
            first.sent = {**(first.sent or {}), **(row.sent or {})}
    return list(found.values())


def returning(rows: Sequence[RecordRow], renamed: Mapping[str, str]) -> set[str]:
    """The deleted records of these rows, by what they were called last."""
    return {renamed.get(row.record, row.record) for row in rows if row.kind == "delete" and row.record}


def links(rows: Sequence[RecordRow], fields: Mapping[str, TableField]) -> dict[str, set[str]]:
    """Table → the records of it that the cells of these rows link to."""
    found: dict[str, set[str]] = {}
    for row in rows:
        for name, value in [*(row.before or {}).items(), *(row.after or {}).items()]:
            if name in fields and fields[name].type == restoring.LINKS:
                found.setdefault(str((fields[name].options or {}).get("linkedTableId")), set()).update(value)
    return found


def _asked_for(row: RecordRow, scene: Scene, asked: Revert) -> bool:
    if asked.only_fields and row.kind not in ("update", "replace", "upsert"):
        return False
    return not asked.only_records or bool({row.record, scene.called(row.record)} & set(asked.only_records))


def _step(row: RecordRow, scene: Scene, asked: Revert) -> Step:
    record = scene.called(row.record)
    if not record:
        return _impossible(record, "It may have been created; which record it is nobody knows.")
    if row.kind == "create":
        return _uncreate(record, row, scene, asked)
    if row.before is None:
        return _impossible(record, UNKNOWN_BEFORE)
    return _undelete(record, row, scene, asked) if row.kind == "delete" else _unchange(record, row, scene, asked)


def _uncreate(record: str, row: RecordRow, scene: Scene, asked: Revert) -> Step:
    current = scene.now.get(record)
    if current is None:
        return _nothing(record, "It is gone already.")
    left, there = scene.present(row.after), scene.present(current)
    since = [name for name in cells.differing(left, there) if not restoring.alike(left.get(name), there.get(name))]
    if since and not asked.force:
        told = diffs.changes(left, there, since, conflict=True)
        diff = RecordDiff(
            kind="nothing", record=record, cells=told, note="It was changed since: only force deletes it."
        )
        return Step("nothing", record, diff, conflicts=len(since))
    gone = diffs.changes(current, {}, current)
    return Step("delete", record, RecordDiff(kind="delete", record=record, cells=gone))


def _undelete(record: str, row: RecordRow, scene: Scene, asked: Revert) -> Step:
    if record in scene.now:
        return _nothing(record, "It is there already.")
    if record in scene.uncertain and not asked.force:
        note = "It may have come back already: the answer to that was lost. Only force creates it again."
        return Step("nothing", record, RecordDiff(kind="nothing", record=record, cells=[], note=note), conflicts=1)
    wanted = scene.present(row.before)
    back, lost = restoring.sendable(wanted, {}, scene.fields, fresh=scene.fresh)
    diff = RecordDiff(kind="create", record=record, cells=diffs.changes({}, wanted, wanted), note="under a new id")
    lost = [*lost, *_dropped_links(row.before, scene)]
    return Step("create", record, diff, back, lost=[f"{record} {what}" for what in lost])


def _unchange(record: str, row: RecordRow, scene: Scene, asked: Revert) -> Step:
    if record not in scene.now:
        note = "It was deleted since: undo that first."
        return Step("nothing", record, RecordDiff(kind="nothing", record=record, cells=[], note=note), conflicts=1)
    before, current = scene.present(row.before), scene.present(scene.now[record])
    left = scene.present(row.after)
    names = cells.differing(before, left) if row.after is not None else list(scene.present(row.sent))
    wanted: dict[str, Any] = {}
    conflicting = []
    for name in names:
        if asked.only_fields and not {name, scene.fields[name].name, scene.fields[name].id} & set(asked.only_fields):
            continue
        if restoring.alike(current.get(name), before.get(name)):
            continue
        untouched = row.after is not None and restoring.alike(current.get(name), left.get(name))
        if untouched or asked.force:
            wanted[name] = before.get(name)
        else:
            conflicting.append(name)
    back, lost = restoring.sendable(wanted, current, scene.fields, fresh=scene.fresh)
    told = [*diffs.changes(current, wanted, wanted), *diffs.changes(current, before, conflicting, conflict=True)]
    kind: Literal["update", "nothing"] = "update" if back else "nothing"
    missing = [
        f"{record} {name}: the field is no longer there" for name in (row.before or {}) if _gone(name, row, scene)
    ]
    return Step(
        kind,
        record,
        RecordDiff(kind=kind, record=record, cells=told),
        back,
        conflicts=len(conflicting),
        lost=[*(f"{record} {what}" for what in lost), *missing],
    )


def _gone(name: str, row: RecordRow, scene: Scene) -> bool:
    return name not in scene.fields and not cells.same((row.before or {}).get(name), (row.after or {}).get(name))


def _dropped_links(before: cells.Cells | None, scene: Scene) -> list[str]:
    """Links of a record to others that are no longer there."""
    kept = scene.present(before)
    return [
        f"{name}: its link to {one}, which is gone"
        for name, value in (before or {}).items()
        if name in kept and scene.fields[name].type == restoring.LINKS
        for one in value
        if scene.called(one) not in kept[name]
    ]


def _nothing(record: str, note: str) -> Step:
    return Step("nothing", record, RecordDiff(kind="nothing", record=record, cells=[], note=note))


def _impossible(record: str, note: str) -> Step:
    diff = RecordDiff(kind="nothing", record=record or None, cells=[], note=note)
    return Step("nothing", record, diff, impossible=True, lost=[f"{record or 'a record'}: {note}"])
