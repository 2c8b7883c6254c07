"""Creating, updating, replacing and deleting records: what bodies must look like, and what they do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.airtable import errors, parameters
from sandbox.airtable.change import Author, Change, delete
from sandbox.airtable.files import Files, uploaded
from sandbox.airtable.ids import is_id
from sandbox.airtable.pictures import picture_size
from sandbox.airtable.rendering import Rendering
from sandbox.airtable.schema import Field, Record, Table
from sandbox.airtable.upsert import upsert

MOST_RECORDS = 10


@dataclass
class Body:
    """A JSON body of a write with its two switches read."""

    content: dict[str, Any]
    typecast: bool
    rendering: Rendering


def read(content: Any) -> Body:
    if not isinstance(content, dict):
        raise errors.invalid_request()
    return Body(
        content,
        typecast=parameters.boolean(content.get("typecast")),
        rendering=Rendering(by_id=parameters.boolean(content.get("returnFieldsByFieldId"))),
    )


def named_fields(content: Any) -> list[str]:
    """The fields that the first record of a body names."""
    match content:
        case {"fields": dict() as cells} | {"records": [{"fields": dict() as cells}, *_]}:
            return list(cells)
    return []


def create(body: Body, table: Table, author: Author) -> Any:
    """One record for `{"fields"}`, a list for `{"records"}`."""
    change = Change(table.base, author, typecast=body.typecast)
    if "records" not in body.content:
        record = change.create(table, _single_fields(body))
        change.apply()
        return body.rendering.record(record, table)
    items = body.content["records"]
    if not _is_batch(items) or not all(_has_fields(item) for item in items):
        raise errors.invalid_records_to_create()
    records = [change.create(table, item["fields"]) for item in items]
    change.apply()
    return {"records": [body.rendering.record(record, table) for record in records]}


def update_one(body: Body, record: Record, table: Table, author: Author, *, replace: bool) -> Any:
    change = Change(table.base, author, typecast=body.typecast)
    change.update(table, record, _single_fields(body), replace=replace)
    change.apply()
    return body.rendering.record(record, table)


def update_many(body: Body, table: Table, author: Author, *, replace: bool) -> dict[str, Any]:
    """Batch update, or upsert when the body says `performUpsert`."""
    items = body.content.get("records")
    if items is None:
        raise errors.missing("records")
    if not _is_batch(items) or not all(_has_fields(item) for item in items):
        raise errors.invalid_records_to_update()
    change = Change(table.base, author, typecast=body.typecast)
    if body.content.get("performUpsert") is not None:
        written = upsert(body.content["performUpsert"], items, table, change, replace=replace)
        change.apply()
        return {
            "records": [body.rendering.record(record, table) for record in written.records],
            "createdRecords": written.created,
            "updatedRecords": written.updated,
        }
    if not all(isinstance(item.get("id"), str) for item in items):
        raise errors.invalid_records_to_update()
    records = _existing([item["id"] for item in items], table)
    for record, item in zip(records, items, strict=True):
        change.update(table, record, item["fields"], replace=replace)
    change.apply()
    return {"records": [body.rendering.record(record, table) for record in records]}


def attach(content: Any, field: Field, record: Record, files: Files, author: Author) -> dict[str, Any]:
    """Add an uploaded file to a cell; the answer has the whole cell, by the id of its field."""
    if field.type.name != "multipleAttachments":
        raise errors.cannot_accept(field.name)
    name, kind, decoded = uploaded(content)
    attachment_id = author.ids.new("att")
    made = {"id": attachment_id, "url": "", "filename": name, "size": len(decoded), "type": kind}
    made |= picture_size(decoded)
    files.keep(attachment_id, decoded)
    field.table.base.files = files
    change = Change(field.table.base, author)
    change.put(field, record, [*record.cells.get(field.id, []), made])
    change.apply()
    cell = field.type.json(record.cells[field.id], field)
    return {"id": record.id, "createdTime": record.created_time, "fields": {field.id: cell}}


def delete_one(record: Record, table: Table, author: Author) -> dict[str, Any]:
    delete(table, [record], author)
    return {"deleted": True, "id": record.id}


def delete_many(record_ids: list[str], table: Table, author: Author) -> dict[str, Any]:
    if not 1 <= len(record_ids) <= MOST_RECORDS or not all(is_id("rec", each) for each in record_ids):
        raise errors.invalid_records_to_delete()
    records = _existing(record_ids, table)
    delete(table, records, author)
    return {"records": [{"deleted": True, "id": record.id} for record in records]}


def _existing(record_ids: list[str], table: Table) -> list[Record]:
    for record_id in record_ids:
        if record_id not in table.records:
            raise errors.row_does_not_exist(record_id)
    if len(set(record_ids)) != len(record_ids):
        raise errors.same_record_twice()
    return [table.records[record_id] for record_id in record_ids]


def _single_fields(body: Body) -> dict[str, Any]:
    if "fields" not in body.content:
        raise errors.missing("fields")
    if not isinstance(body.content["fields"], dict):
        raise errors.invalid_request()
    return body.content["fields"]


def _is_batch(items: Any) -> bool:
    return isinstance(items, list) and 1 <= len(items) <= MOST_RECORDS


def _has_fields(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("fields"), dict)
