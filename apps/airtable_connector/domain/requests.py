"""What we ask of Airtable, as calls: from our own models, or as a stock client spelled it."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, unquote, urlencode

import orjson

from apps.airtable_connector.domain import query
from apps.airtable_connector.domain.calls import Call
from apps.airtable_connector.domain.errors import AirtableNotFound
from contracts.airtable_connector import Options, RecordsQuery

_BASE_ID = re.compile(r"app[A-Za-z0-9]{14}")


def whoami() -> Call:
    return Call("GET", "meta/whoami", read=True)


def bases(cursor: str | None = None) -> Call:
    return Call("GET", "meta/bases", urlencode({"offset": cursor}) if cursor else "", read=True)


def tables(base: str) -> Call:
    return Call("GET", f"meta/bases/{base_id(base)}/tables", base=base, read=True)


def list_records(base: str, table: str, asked: RecordsQuery) -> Call:
    return Call("GET", table_path(base, table), query.airtable_query(asked), base=base, read=True, lists=True)


def get_record(base: str, table: str, record: str, *, fields_by_id: bool = False) -> Call:
    rest = "returnFieldsByFieldId=true" if fields_by_id else ""
    return Call("GET", record_path(base, table, record), rest, base=base, read=True)


def write_records(
    method: str, base: str, table: str, records: Sequence[dict[str, Any]], options: Options, **more: Any
) -> Call:
    """Create (POST), update (PATCH) or replace (PUT) up to ten; `more` stands beside the records."""
    body = {"records": records, **_options(options), **more}
    return Call(method, table_path(base, table), body=orjson.dumps(body), base=base)


def write_record(method: str, base: str, table: str, record: str, fields: dict[str, Any], options: Options) -> Call:
    body = {"fields": fields, **_options(options)}
    return Call(method, record_path(base, table, record), body=orjson.dumps(body), base=base)


def delete_records(base: str, table: str, ids: Sequence[str]) -> Call:
    return Call("DELETE", table_path(base, table), urlencode([("records[]", one) for one in ids]), base=base)


def delete_record(base: str, table: str, record: str) -> Call:
    return Call("DELETE", record_path(base, table, record), base=base)


def base_id(text: str) -> str:
    """The id itself. Raises AirtableNotFound for what cannot be one, which then costs no call."""
    if not _BASE_ID.fullmatch(text):
        raise AirtableNotFound(
            f"`{text[:80]}` is no base id: those are `app` and 14 letters and digits. GET /api/v1/bases lists them."
        )
    return text


def is_base_id(text: str) -> bool:
    return _BASE_ID.fullmatch(text) is not None


def table_path(base: str, table: str) -> str:
    """A table's name may contain `/`."""
    return f"{base_id(base)}/{quote(table, safe='')}"


def record_path(base: str, table: str, record: str) -> str:
    return f"{table_path(base, table)}/{quote(record, safe='')}"


def table_of(call: Call) -> tuple[str | None, str | None]:
    """(table, record) a call on records is about, decoded; Nones for anything else."""
    if call.base is None or call.path.startswith(("meta/", "bases/")) or call.path.endswith("/uploadAttachment"):
        return None, None
    _, table, *rest = call.path.split("/")
    record = rest[0] if rest and rest[0] != "listRecords" else None
    return unquote(table), unquote(record) if record else None


def scope_of(call: Call) -> str | None:
    """The scope that a token needs for the call; None when any token may ask."""
    if call.path == "meta/whoami":
        return None
    if call.path.startswith("bases/"):
        return "webhook:manage"
    kind = "schema.bases" if call.path.startswith("meta/") else "data.records"
    if call.path.split("/")[3:4] == ["comments"]:  # base/table/record/comments: a table may have that name too
        kind = "data.recordComments"
    return f"{kind}:{'read' if call.read else 'write'}"


def _options(options: Options) -> dict[str, bool]:
    return {"typecast": options.typecast, "returnFieldsByFieldId": options.fields_by_id}
