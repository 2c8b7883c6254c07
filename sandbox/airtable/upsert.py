"""`performUpsert`: each record without an id updates the one record with equal merge fields, or is created."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.airtable import errors
from sandbox.airtable.change import Change
from sandbox.airtable.fields.base import is_empty
from sandbox.airtable.schema import Field, Record, Table


@dataclass
class Upserted:
    records: list[Record] = field(default_factory=list)
    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)


def upsert(options: Any, items: list[dict[str, Any]], table: Table, change: Change, *, replace: bool) -> Upserted:
    """Plans the writes. More than one match refuses the whole request (its error type is unverified)."""
    merge_on = _merge_fields(options, table)
    done = Upserted()
    for item in items:
        existing = _named(item, table) if item.get("id") is not None else _match(item, merge_on, table, change)
        if existing is None:
            record = change.create(table, item["fields"])
            done.created.append(record.id)
        else:
            record = change.update(table, existing, item["fields"], replace=replace)
            if record.id in done.updated:
                raise errors.same_record_twice()
            done.updated.append(record.id)
        done.records.append(record)
    return done


def _merge_fields(options: Any, table: Table) -> list[Field]:
    names = options.get("fieldsToMergeOn") if isinstance(options, dict) else None
    if not isinstance(names, list) or not 1 <= len(names) <= 3:
        raise errors.invalid_request()
    fields = []
    for name in names:
        merge_field = table.field(name) if isinstance(name, str) else None
        if merge_field is None:
            raise errors.unknown_field(str(name))
        if not merge_field.type.merges:
            raise errors.invalid_request(f'field "{merge_field.name}" cannot be used to merge records.')
        fields.append(merge_field)
    return fields


def _named(item: dict[str, Any], table: Table) -> Record:
    if not isinstance(item["id"], str):
        raise errors.invalid_records_to_update()
    if item["id"] not in table.records:
        raise errors.row_does_not_exist(item["id"])
    return table.records[item["id"]]


def _match(item: dict[str, Any], merge_on: list[Field], table: Table, change: Change) -> Record | None:
    """The only record whose merge fields all equal the item's. An empty merge value matches nothing."""
    wanted: dict[Field, Any] = {}
    for name, value in item["fields"].items():
        merge_field = table.field(name)
        if merge_field in merge_on:
            wanted[merge_field] = None if is_empty(value) else merge_field.type.write(value, merge_field, change)
    if len(wanted) != len(merge_on):
        raise errors.invalid_request("each record must have a value for every field to merge on.")
    if any(value is None for value in wanted.values()):
        return None
    found = [
        record
        for record in table.records.values()
        if all(merge_field.value(record) == value for merge_field, value in wanted.items())
    ]
    if len(found) > 1:
        raise errors.invalid_request("more than one record matches the values of the fields to merge on.")
    return found[0] if found else None
