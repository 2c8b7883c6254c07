"""A base as one JSON document that holds all of it, and back: for snapshots and for state files."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

from sandbox.airtable.fields import FIELD_TYPES
from sandbox.airtable.fields.derived import target_field
from sandbox.airtable.formula import parse, print_formula
from sandbox.airtable.schema import Base, Comment, Field, Record, Table, View
from sandbox.airtable.seed.derived import connect_derived
from sandbox.airtable.seed.reading import Part


def document_of(base: Base) -> dict[str, Any]:
    """Shares cells and options with the base: to be turned into JSON before the next write."""
    return {
        "id": base.id,
        "name": base.name,
        "users": base.users,
        "permissionLevel": base.permission_level,
        "createdTime": base.created_time,
        "workspaceId": base.workspace_id,
        "version": base.version,
        "tables": [_table(table) for table in base.tables.values()],
    }


def base_of(document: dict[str, Any]) -> Base:
    """Without clock, files and watchers."""
    base = Base(document["id"], document["name"], document["users"], document["permissionLevel"])
    base.created_time = document.get("createdTime", base.created_time)  # older files have neither
    base.workspace_id = document.get("workspaceId", base.workspace_id)
    base.version = document["version"]
    for stored in document["tables"]:
        table = Table(stored["id"], stored["name"], base, stored["description"])
        table.last_auto_number = stored["lastAutoNumber"]
        base.tables[table.id] = table
    derived = [
        (field, Part(stored["follows"], field.name))
        for part in document["tables"]
        for stored in part["fields"]
        for field in [_add_field(stored, base.tables[part["id"]])]
        if "follows" in stored
    ]
    connect_derived(derived)
    for stored in document["tables"]:
        table = base.tables[stored["id"]]
        table.views = [_view_of(view, table) for view in stored["views"]]
        table.records = {parts[0]: _record_of(parts) for parts in stored["records"]}
    return base


def _table(table: Table) -> dict[str, Any]:
    return {
        "id": table.id,
        "name": table.name,
        "description": table.description,
        "lastAutoNumber": table.last_auto_number,
        "fields": [_field(field) for field in table.fields.values()],
        "views": [_view(view) for view in table.views],
        "records": [_record(record) for record in table.records.values()],
    }


def _field(field: Field) -> dict[str, Any]:
    """What follows from other fields is kept as a seed says it, because its formula has to be compiled again."""
    about = {"id": field.id, "name": field.name, "type": field.type.name, "description": field.description}
    fields = field.table.fields
    match field.type.name:
        case "formula":
            tree = parse(field.options["formula"])
            return about | {"follows": {"formula": print_formula(tree, lambda field_id: fields[field_id].name)}}
        case "multipleLookupValues" | "rollup":
            link, target = fields[field.options["recordLinkFieldId"]], target_field(field)
            return about | {"follows": {"link": link.name, "field": target.name, **_aggregation(field)}}
    return about | {"options": field.options, "settings": field.settings}


def _aggregation(field: Field) -> dict[str, str]:
    return {"aggregation": field.settings["aggregation"]} if field.type.name == "rollup" else {}


def _add_field(stored: dict[str, Any], table: Table) -> Field:
    about = (stored["id"], stored["name"], FIELD_TYPES[stored["type"]], table, stored["description"])
    field = Field(*about, stored.get("options", {}), stored.get("settings", {}))
    table.add_field(field)
    return field


def _view(view: View) -> dict[str, Any]:
    sort = [[field.id, descending] for field, descending in view.sort]
    about = {"id": view.id, "name": view.name, "type": view.type, "filter": view.filter}
    return about | {"sort": sort, "hidden": sorted(view.hidden)}


def _view_of(stored: dict[str, Any], table: Table) -> View:
    sort = [(table.fields[field_id], descending) for field_id, descending in stored["sort"]]
    return View(stored["id"], stored["name"], stored["type"], stored["filter"], sort, set(stored["hidden"]))


def _record(record: Record) -> list[Any]:
    """Without anything that was computed from its cells."""
    made = [record.id, record.created_time, record.created_by, record.auto_number, record.cells]
    comments = [astuple(comment) for comment in record.comments]
    return [*made, record.modified_time, record.modified_by, comments, record.changed_at]


def _record_of(parts: list[Any]) -> Record:
    record_id, made, maker, number, cells, modified, modifier, comments, *rest = parts
    known = [Comment(*comment) for comment in comments]
    changed_at = rest[0] if rest else {}  # older files do not have it
    return Record(record_id, made, maker, number, cells, modified, modifier, changed_at, known)
