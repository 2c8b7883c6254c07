"""Which request does what. Paths are matched by their decoded segments; a trailing slash changes nothing."""

from __future__ import annotations

from typing import Any

from sandbox.airtable import comments, errors, listing, metadata, parameters, writing
from sandbox.airtable.change import Author
from sandbox.airtable.http import Request
from sandbox.airtable.ids import is_id
from sandbox.airtable.rendering import Rendering, zone_for
from sandbox.airtable.schema import Base, Record, Table
from sandbox.airtable.state import Sandbox
from sandbox.airtable.webhooks.registry import MOST_PAYLOADS


def base_of(segments: list[str]) -> str | None:
    """The base a request counts against, None when its path names none."""
    match segments:
        case ["v0", "meta" | "bases", *rest]:
            return next((part for part in rest if is_id("app", part)), None)
        case ["v0", base_id, *_] if is_id("app", base_id):
            return base_id
    return None


def answer(request: Request, sandbox: Sandbox) -> Any:
    """The content of the 200. Raises AirtableError for everything else; never awaits, so a write is atomic."""
    match request.method, request.segments:
        case "GET", ["v0", "meta", "whoami"]:
            return metadata.whoami(sandbox.user)
        case "GET", ["v0", "meta", "bases"]:
            offset = parameters.first(request.query, "offset")
            return metadata.bases(list(sandbox.bases.values()), offset, sandbox.ids)
        case "GET", ["v0", "meta", "bases", base_id, "tables"]:
            visible = "visibleFieldIds" in parameters.listed(request.query, "include")
            return metadata.tables(_visible_base(base_id, sandbox), visible_field_ids=visible)
        case _, ["v0", "bases", base_id, "webhooks", *rest]:
            return _webhooks_route(request, _visible_base(base_id, sandbox), rest, sandbox)
        case _, ["v0", "meta" | "bases", *_]:
            raise errors.not_found()
        case _, ["v0", base_id, table]:
            return _table_route(request, _table(base_id, table, sandbox), sandbox)
        case "POST", ["v0", base_id, table, "listRecords"]:
            found = _table(base_id, table, sandbox)
            return _page(listing.query_of_post(request, found), found, sandbox)
        case _, ["v0", base_id, table, record_id] if is_id("rec", record_id):
            return _record_route(request, _table(base_id, table, sandbox), record_id, sandbox)
        case _, ["v0", base_id, table, record_id, "comments", *rest] if is_id("rec", record_id) and len(rest) < 2:
            found = _table(base_id, table, sandbox)
            return _comments_route(request, _record(record_id, found, sandbox), found.base, sandbox.author(), *rest)
    raise errors.not_found()


def _table_route(request: Request, table: Table, sandbox: Sandbox) -> Any:
    match request.method:
        case "GET":
            return _page(listing.query_of_get(request, table), table, sandbox)
        case "POST":
            return writing.create(writing.read(request.json()), table, sandbox.author())
        case "PATCH" | "PUT":
            replace = request.method == "PUT"
            return writing.update_many(writing.read(request.json()), table, sandbox.author(), replace=replace)
        case "DELETE":
            return writing.delete_many(parameters.listed(request.query, "records"), table, sandbox.author())
    raise errors.not_found()


def _record_route(request: Request, table: Table, record_id: str, sandbox: Sandbox) -> Any:
    if request.method not in {"GET", "PATCH", "PUT", "DELETE"}:
        raise errors.not_found()
    record = _record(record_id, table, sandbox)
    match request.method:
        case "GET":
            return _rendering(request).record(record, table)
        case "DELETE":
            return writing.delete_one(record, table, sandbox.author())
    replace = request.method == "PUT"
    return writing.update_one(writing.read(request.json()), record, table, sandbox.author(), replace=replace)


def _comments_route(request: Request, record: Record, base: Base, author: Author, comment_id: str | None = None) -> Any:
    match request.method:
        case "GET" if comment_id is None:
            return comments.page(request, record, base)
        case "POST" if comment_id is None:
            return comments.create(request.json(), record, base, author)
        case "PATCH" if comment_id is not None:
            return comments.update(request.json(), comment_id, record, base, author)
        case "DELETE" if comment_id is not None:
            return comments.delete(comment_id, record, base, author)
    raise errors.not_found()


def _webhooks_route(request: Request, base: Base, rest: list[str], sandbox: Sandbox) -> Any:
    webhooks = sandbox.webhooks
    match request.method, rest:
        case "GET", []:
            return webhooks.shapes(base)
        case "POST", []:
            return webhooks.create(request.json(), base, sandbox.ids)
        case "DELETE", [webhook_id]:
            return webhooks.delete(webhook_id, base)
        case "POST", [webhook_id, "enableNotifications"]:
            return webhooks.enable(request.json(), webhook_id, base)
        case "POST", [webhook_id, "refresh"]:
            return webhooks.refresh(webhook_id, base)
        case "GET", [webhook_id, "payloads"]:
            cursor, limit = (parameters.first(request.query, key) for key in ("cursor", "limit"))
            start = None if cursor is None else parameters.whole(cursor, 1)
            most = MOST_PAYLOADS if limit is None else parameters.whole(limit, 1, MOST_PAYLOADS)
            return webhooks.page(webhook_id, base, start, most)
    raise errors.not_found()


def _rendering(request: Request) -> Rendering:
    query = request.query
    return Rendering(
        by_id=parameters.boolean(parameters.first(query, "returnFieldsByFieldId")),
        zone=zone_for(*(parameters.first(query, key) for key in ("cellFormat", "timeZone", "userLocale"))),
    )


def _page(query: listing.ListQuery, table: Table, sandbox: Sandbox) -> dict[str, Any]:
    return listing.page(query, table, sandbox.iterators, sandbox.clock.seconds())


def _table(base_id: str, name_or_id: str, sandbox: Sandbox) -> Table:
    if not is_id("app", base_id):
        raise errors.not_found()
    base = sandbox.bases.get(base_id)
    table = base.table(name_or_id) if base else None
    if table is None:
        raise errors.model_not_found()
    return table


def _visible_base(base_id: str, sandbox: Sandbox) -> Base:
    if not is_id("app", base_id):
        raise errors.not_found()
    if base_id not in sandbox.bases:
        raise errors.hidden()
    return sandbox.bases[base_id]


def _record(record_id: str, table: Table, sandbox: Sandbox) -> Record:
    record = table.records.get(record_id)
    if record is not None:
        return record
    if table.base.table_of_record(record_id) is not None:
        raise errors.wrong_table()
    raise errors.record_not_found() if sandbox.missing_record == 404 else errors.model_not_found()
