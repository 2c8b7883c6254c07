"""JSON Schema 2020-12: a definition for the records of each table, which takes what Airtable answers and no more."""

import json
from collections.abc import Sequence
from typing import Any

from apps.schema_service.domain.models.cells import Cell, cell_of
from apps.schema_service.domain.models.naming import pascal, unique
from contracts.airtable_connector import Table, TableField

_TEXT = {"type": "string"}
_NULLABLE = {"type": ["string", "null"]}
_TYPES: dict[str, dict[str, Any]] = {
    "ai": {
        "type": "object",
        "properties": {"state": _TEXT, "isStale": {"type": "boolean"}, "value": _NULLABLE},
        "required": ["state", "value"],
    },
    "any": {},
    "barcode": {"type": "object", "properties": {"text": _TEXT, "type": _NULLABLE}},
    "boolean": {"type": "boolean"},
    "button": {"type": "object", "properties": {"label": _TEXT, "url": _NULLABLE}, "required": ["label"]},
    "date": {"type": "string", "format": "date"},
    "file": {
        "type": "object",
        "properties": {"id": _TEXT, "url": _TEXT, "filename": _TEXT, "size": {"type": "integer"}, "type": _TEXT},
        "required": ["id", "url", "filename"],
    },
    "integer": {"type": "integer"},
    "link": {"type": "string", "pattern": "^rec[A-Za-z0-9]{14}$"},
    "moment": {"type": "string", "format": "date-time"},
    "number": {"type": "number"},
    "person": {"type": "object", "properties": {"id": _TEXT, "email": _TEXT, "name": _TEXT}, "required": ["id"]},
    "text": _TEXT,
}
_FAILURE = {
    "title": "Failure",
    "description": "What stands where a formula has no result.",
    "type": "object",
    "properties": {"error": _TEXT, "specialValue": _TEXT},
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
}


def generate(base: str, version: int, tables: Sequence[Table]) -> str:
    names = unique(((table.id, table.name) for table in tables), pascal, {"Failure"})
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:airtable:{base}:{version}",
        "title": f"Records of {base}, version {version} of its schema",
        "anyOf": [{"$ref": f"#/$defs/{names[table.id]}"} for table in tables] or False,
        "$defs": {"Failure": _FAILURE, **{names[table.id]: _record(table) for table in tables}},
    }
    if not tables:
        del document["anyOf"]
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _record(table: Table) -> dict[str, Any]:
    return {
        "title": table.name,
        **({"description": table.description} if table.description else {}),
        "x-airtable-id": table.id,
        "type": "object",
        "properties": {
            "id": _TYPES["link"],
            "createdTime": {"type": "string", "format": "date-time"},
            "commentCount": {"type": "integer"},
            "fields": {
                "type": "object",
                "properties": {field.name: _field(field) for field in table.fields},
                "additionalProperties": False,
            },
        },
        "required": ["id", "createdTime", "fields"],
        "additionalProperties": False,
    }


def _field(field: TableField) -> dict[str, Any]:
    cell = cell_of(field)
    return {
        **_schema(cell),
        **({"description": field.description} if field.description else {}),
        **({"readOnly": True} if cell.computed else {}),
        "x-airtable-id": field.id,
        "x-airtable-type": field.type,
    }


def _schema(cell: Cell) -> dict[str, Any]:
    held: dict[str, Any] = {"enum": list(cell.choices)} if cell.kind == "choice" else _TYPES[cell.kind]
    others = [{"$ref": "#/$defs/Failure"}] * cell.failing + [{"type": "null"}] * cell.gaps
    if others and held:
        held = {"anyOf": [held, *others]}
    return {"type": "array", "items": held} if cell.many else held
