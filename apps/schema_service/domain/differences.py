"""What a difference between two schemas is, and whether it breaks somebody who relied on the first."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from chassis import AppError
from contracts.airtable_connector import Table, TableField, View
from contracts.schema_service import SchemaChange, SchemaDiff, Snapshot

ADDED = "Nobody can rely on it yet."
REMOVED = "Whoever uses it no longer finds it."
RENAMED = "Whoever calls it by its name no longer finds it; its id is the same."
RETYPED = "Its values have another form."
DESCRIBED = "Only the words about it differ."
PRIMARY = "Links show another field's values."
# What a change of a field's options can break; every other option is about how values look.
DECISIVE = ("linkedTableId", "recordLinkFieldId", "fieldIdInLinkedTable", "prefersSingleRecordLink", "result")


class UnknownBase(AppError):
    code, status, title, fault = "schema.unknown-base", 404, "There is no such base", "client"


class UnknownConsumer(AppError):
    code, status, title, fault = "schema.unknown-consumer", 404, "There is no such consumer of the schema", "client"


class UnknownVersion(AppError):
    code, status, title, fault = "schema.unknown-version", 404, "There is no such version of the schema", "client"


def fingerprint(tables: Sequence[Table]) -> str:
    """SHA-256 of the schema as JSON with sorted keys, things in the order of their ids: order is no difference."""
    plain = [table.model_dump() for table in sorted(tables, key=lambda table: table.id)]
    for table in plain:
        for things in ("fields", "views"):
            table[things].sort(key=lambda thing: thing["id"])
    return hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def diff(base: str, before: Snapshot, after: Sequence[Table], version: int | None) -> SchemaDiff:
    found = changes(before.tables, after)
    return SchemaDiff(
        base=base,
        before=before.version,
        after=version,
        breaking=any(change.breaking for change in found),
        changes=found,
        text="\n".join(map(told, found)) or "No difference.",
    )


def told(change: SchemaChange) -> str:
    """A line for people."""
    values = [value for value in (change.before, change.after) if value is not None]
    detail = f": {' → '.join(values)}" if values else ""
    mark = "BREAKING" if change.breaking else "ok"
    return f"{mark:8}  {change.what} {change.path} {change.kind}{detail} ({change.reason})"


def changes(before: Sequence[Table], after: Sequence[Table]) -> list[SchemaChange]:
    """All differences, those that break first; things are followed by their id. Order alone is no difference."""
    return sorted(_tables(before, after), key=lambda change: not change.breaking)


def _tables(before: Sequence[Table], after: Sequence[Table]) -> Iterator[SchemaChange]:
    for old, new in _pairs(before, after):
        table = old or new
        yield from _same_kind("table", table.id, table.name, old, new)
        if old and new:
            for field_before, field_after in _pairs(old.fields, new.fields):
                yield from _field(old, field_before, field_after)
            for view_before, view_after in _pairs(old.views, new.views):
                yield from _view(old, view_before, view_after)
            if old.primary_field_id != new.primary_field_id:
                ids = {"before": old.primary_field_id, "after": new.primary_field_id}
                yield _change("table", old.id, old.id, old.name, "primary", True, PRIMARY, **ids)


def _field(table: Table, old: TableField | None, new: TableField | None) -> Iterator[SchemaChange]:
    thing: Any = old or new
    path = f"{table.name}.{thing.name}"
    yield from _same_kind("field", table.id, path, old, new)
    if not (old and new):
        return
    if old.type != new.type:
        yield _change("field", table.id, old.id, path, "retyped", True, RETYPED, before=old.type, after=new.type)
    elif old.options != new.options:
        breaking, reason = _options(old.options or {}, new.options or {})
        yield _change("field", table.id, old.id, path, "options", breaking, reason)


def _view(table: Table, old: View | None, new: View | None) -> Iterator[SchemaChange]:
    thing: Any = old or new
    path = f"{table.name}.{thing.name}"
    yield from _same_kind("view", table.id, path, old, new)
    if old and new and old.type != new.type:
        reason = "A view's records are the same in any form."
        yield _change("view", table.id, old.id, path, "retyped", False, reason, before=old.type, after=new.type)


def _options(old: dict[str, Any], new: dict[str, Any]) -> tuple[bool, str]:
    """Whether the change breaks, and why."""
    names_before = {choice["id"]: choice["name"] for choice in old.get("choices", [])}
    names_after = {choice["id"]: choice["name"] for choice in new.get("choices", [])}
    gone = [name for key, name in names_before.items() if names_after.get(key) != name]
    if gone:
        return True, f"Choices are gone or renamed: {', '.join(gone)}."
    decisive = [name for name in DECISIVE if old.get(name) != new.get(name)]
    if decisive:
        return True, f"It holds something else: {', '.join(decisive)}."
    added = [name for key, name in names_after.items() if key not in names_before]
    if added:
        return False, f"Choices are new: {', '.join(added)}."
    return False, "Values have the same form."


def _same_kind(what: str, table_id: str, path: str, old: Any, new: Any) -> Iterator[SchemaChange]:
    """What can happen to anything: added, removed, renamed, described."""
    if old is None:
        yield _change(what, table_id, new.id, path, "added", False, ADDED)
    elif new is None:
        yield _change(what, table_id, old.id, path, "removed", True, REMOVED)
    else:
        if old.name != new.name:
            yield _change(what, table_id, old.id, path, "renamed", True, RENAMED, before=old.name, after=new.name)
        if getattr(old, "description", None) != getattr(new, "description", None):
            yield _change(what, table_id, old.id, path, "described", False, DESCRIBED)


def _change(
    what: Any, table_id: str, of: str, path: str, kind: Any, breaking: bool, reason: str, **values: str
) -> SchemaChange:
    return SchemaChange(
        what=what, table_id=table_id, id=of, path=path, kind=kind, breaking=breaking, reason=reason, **values
    )


def _pairs(before: Sequence[Any], after: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    """(old, new) by id, None where there is none: what there was in its order, then what is new."""
    later = {thing.id: thing for thing in after}
    for thing in before:
        yield thing, later.pop(thing.id, None)
    for thing in later.values():
        yield None, thing
