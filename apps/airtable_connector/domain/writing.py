"""A write to Airtable as the records it is about: read from the call, and completed from the answer."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

import orjson

from apps.airtable_connector.domain import query, requests
from apps.airtable_connector.domain.calls import Call
from apps.airtable_connector.domain.journal import OperationRow, RecordRow
from apps.airtable_connector.domain.shapes import understood
from contracts.airtable_connector import BATCH

_KINDS = {"POST": "create", "PATCH": "update", "PUT": "replace", "DELETE": "delete"}


def action_of(call: Call) -> str:
    """What the journal calls it: record.create …"""
    upsert = call.method != "DELETE" and bool(merge_fields(call))
    return f"record.{'upsert' if upsert else _KINDS[call.method]}"


def merge_fields(call: Call) -> list[str]:
    """The fields an upsert finds its records by; empty for every other write."""
    upsert = _body(call).get("performUpsert")
    fields = upsert.get("fieldsToMergeOn") if isinstance(upsert, dict) else None
    return [str(one) for one in fields] if isinstance(fields, list) else []


def by_id(call: Call) -> bool:
    """Whether the answer's cells are keyed by field id."""
    asked = dict(query.parse(call.query)).get("returnFieldsByFieldId")
    return _body(call).get("returnFieldsByFieldId") in (True, 1, "true", "1") or asked in ("true", "1")


def alters_schema(call: Call) -> bool:
    """Airtable may add a choice to a field for a cell that it converts."""
    return bool(_body(call).get("typecast"))


def is_single(call: Call) -> bool:
    """Whether it is about one record, and answered with that instead of a list."""
    _, record = requests.table_of(call)
    return record is not None or (call.method == "POST" and "records" not in _body(call))


def rows_of(call: Call, number: int, first: int, merge_on: Sequence[str]) -> list[RecordRow]:
    """The records `call` means to write, numbered from `first`; what Airtable will refuse anyhow gives none."""
    _, record = requests.table_of(call)
    if call.method == "DELETE":
        ids = [record] if record else [value for name, value in query.parse(call.query) if name.startswith("records")]
        return [RecordRow(first + n, number, "delete", printable(one)) for n, one in enumerate(ids[:BATCH])]
    body = _body(call)
    if record is not None:
        return [RecordRow(first, number, _KINDS[call.method], printable(record), sent=_cells(body))]
    records = body.get("records", [body])
    if not isinstance(records, list) or not all(isinstance(one, dict) for one in records) or len(records) > BATCH:
        return []
    return [
        RecordRow(first + n, number, _kind(call.method, one, merge_on), _id(one), sent=_cells(one))
        for n, one in enumerate(records)
    ]


def completed(rows: Sequence[RecordRow], raw: Any) -> list[RecordRow]:
    """The rows as Airtable says they became. Raises AirtableInvalidAnswer when it says less than its API promises."""
    return understood(raw, lambda told: _completed(rows, told))


def _completed(rows: Sequence[RecordRow], raw: Any) -> list[RecordRow]:
    records = raw.get("records", [raw])
    if len(records) != len(rows):
        raise KeyError(f"{len(rows)} records were sent, {len(records)} came back")
    made = set(raw.get("createdRecords", []))
    for row, told in zip(rows, records, strict=True):
        row.record, row.state = str(told["id"]), "done"
        if row.kind == "delete":
            continue
        row.after, row.created = told.get("fields", {}), told.get("createdTime")
        if row.kind == "upsert":
            row.kind = "create" if row.record in made else "update"
        if row.kind == "create":
            row.before = None
    return list(rows)


def table_as_named(call: Call) -> str:
    """The table's id or name, decoded."""
    return printable(requests.table_of(call)[0] or unquote(call.path))


def targets(operation: OperationRow, rows: Sequence[RecordRow]) -> list[tuple[str, str]]:
    """What the write's audit entry names: the table, and the records that exist already."""
    records = [("record", row.record) for row in rows if row.record]
    return [("base", operation.base), ("table", operation.table), *records]


def printable(text: str) -> str:
    """As PostgreSQL can keep it: without U+0000 and what was no UTF-8."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")[:500]


def _kind(method: str, record: dict[str, Any], merge_on: Sequence[str]) -> str:
    return "upsert" if merge_on and not _id(record) else _KINDS[method]


def _id(record: dict[str, Any]) -> str | None:
    found = record.get("id")
    return printable(found) if isinstance(found, str) and found else None


def _cells(record: dict[str, Any]) -> dict[str, Any]:
    fields = record.get("fields")
    return fields if isinstance(fields, dict) else {}


def _body(call: Call) -> dict[str, Any]:
    if not call.body:
        return {}
    try:
        body = orjson.loads(call.body)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}
