"""Calls about what stands beside the cells: comments, webhooks, schemas."""

from typing import Any
from urllib.parse import quote, unquote, urlencode

import orjson
from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from apps.airtable_connector.domain import requests
from apps.airtable_connector.domain.calls import Call

_THINGS = {
    "app": "base", "tbl": "table", "fld": "field", "rec": "record", "com": "comment", "ach": "webhook",
}  # fmt: skip


def targets(call: Call) -> list[tuple[str, str]]:
    """(kind, id) of everything that the path names, for the audit entry."""
    parts = [unquote(part) for part in call.path.split("/")]
    return [(_THINGS[part[:3]], part) for part in parts if len(part) == 17 and part[:3] in _THINGS]


def comments(base: str, table: str, record: str, page_size: int, cursor: str | None) -> Call:
    asked = {"pageSize": str(page_size), **({"offset": cursor} if cursor else {})}
    path = f"{requests.record_path(base, table, record)}/comments"
    return Call("GET", path, urlencode(asked), base=base, read=True)


def page_of_comments(raw: Any) -> dict[str, Any]:
    return {"items": raw["comments"], "next": raw.get("offset")}


def comment(method: str, base: str, table: str, record: str, one: str, body: BaseModel | None = None) -> Call:
    path = f"{requests.record_path(base, table, record)}/comments"
    return Call(method, f"{path}/{quote(one, safe='')}" if one else path, body=_body(body), base=base)


def webhook(method: str, base: str, one: str = "", what: str = "", *, body: BaseModel | None = None) -> Call:
    parts = [f"bases/{requests.base_id(base)}/webhooks", *(quote(part, safe="") for part in (one, what) if part)]
    return Call(method, "/".join(parts), body=_body(body), base=base, read=method == "GET")


def payloads(base: str, one: str, cursor: int, limit: int) -> Call:
    path = f"bases/{requests.base_id(base)}/webhooks/{quote(one, safe='')}/payloads"
    return Call("GET", path, urlencode({"cursor": cursor, "limit": limit}), base=base, read=True)


def schema(method: str, base: str | None, rest: str, body: BaseModel) -> Call:
    """`base` None: one is made."""
    path = f"meta/bases/{requests.base_id(base)}/{quote(rest)}" if base else "meta/bases"
    return Call(method, path, body=_body(body), base=base)


def _body(body: BaseModel | None) -> bytes | None:
    """Under Airtable's names, without what was not given."""
    if body is None:
        return None
    return orjson.dumps({to_camel(name): value for name, value in body.model_dump(exclude_none=True).items()})
