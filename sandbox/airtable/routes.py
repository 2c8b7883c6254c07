"""Which request does what. Paths are matched by their decoded segments; a trailing slash changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.airtable import comments, errors, listing, metadata, parameters, schema_changes, writing
from sandbox.airtable.change import Author
from sandbox.airtable.grants import permits, scope_of
from sandbox.airtable.http import Request
from sandbox.airtable.ids import is_id
from sandbox.airtable.readable import readable_for
from sandbox.airtable.rendering import Rendering
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
    if scope := scope_of(request.method, request.segments):
        request.grant.check(scope)
    match request.method, request.segments:
        case "GET", ["v0", "meta", "whoami"]:
            return metadata.whoami(sandbox.users[request.grant.user_id], request.grant)
        case "GET", ["v0", "meta", "bases"]:
            visible = [base for base in sandbox.bases.values() if request.grant.sees(base.id)]
            offset = parameters.first(request.query, "offset")
            return metadata.bases(visible, offset, sandbox.ids)
        case "POST", ["v0", "meta", "bases"]:
            return _create_base(request, sandbox)
        case _, ["v0", "meta", "bases", base_id, *rest]:
            return _schema_route(request, _visible_base(request, base_id, sandbox), rest, sandbox.author(request.grant))
        case _, ["v0", "bases", base_id, "webhooks", *rest]:
            return _webhooks_route(request, _visible_base(request, base_id, sandbox), rest, sandbox)
        case "POST", ["v0", base_id, record_id, field, "uploadAttachment"] if is_id("rec", record_id):
            return _upload(request, _base(request, base_id, sandbox), record_id, field, sandbox)
        case _, ["v0", "meta" | "bases", *_]:
            raise errors.not_found()
        case _, ["v0", base_id, table]:
            return _table_route(request, _table(request, table, sandbox), sandbox)
        case "POST", ["v0", base_id, table, "listRecords"]:
            found = _table(request, table, sandbox)
            return _page(listing.query_of_post(request, found), found, sandbox)
        case _, ["v0", base_id, table, record_id] if is_id("rec", record_id):
            return _record_route(request, _table(request, table, sandbox), record_id, sandbox)
        case _, ["v0", base_id, table, record_id, "comments", *rest] if is_id("rec", record_id) and len(rest) < 2:
            found = _table(request, table, sandbox)
            author = sandbox.author(request.grant)
            return _comments_route(request, _record(record_id, found, sandbox), found.base, author, *rest)
    raise errors.not_found()


def _create_base(request: Request, sandbox: Sandbox) -> Any:
    """A token that was given single bases was given no workspace to make one in (unverified)."""
    if request.grant.bases is not None:
        raise errors.model_not_found()
    base = schema_changes.create_base(request.json(), sandbox.users, sandbox.author(request.grant))
    sandbox.put([base])
    return {"id": base.id, **metadata.tables(base, visible_field_ids=False)}


def _table_route(request: Request, table: Table, sandbox: Sandbox) -> Any:
    author = sandbox.author(request.grant)
    match request.method:
        case "GET":
            return _page(listing.query_of_get(request, table), table, sandbox)
        case "POST":
            return writing.create(writing.read(request.json()), table, author)
        case "PATCH" | "PUT":
            replace = request.method == "PUT"
            return writing.update_many(writing.read(request.json()), table, author, replace=replace)
        case "DELETE":
            return writing.delete_many(parameters.listed(request.query, "records"), table, author)
    raise errors.not_found()


def _record_route(request: Request, table: Table, record_id: str, sandbox: Sandbox) -> Any:
    if request.method not in {"GET", "PATCH", "PUT", "DELETE"}:
        raise errors.not_found()
    record, author = _record(record_id, table, sandbox), sandbox.author(request.grant)
    match request.method:
        case "GET":
            return _rendering(request).record(record, table)
        case "DELETE":
            return writing.delete_one(record, table, author)
    replace = request.method == "PUT"
    return writing.update_one(writing.read(request.json()), record, table, author, replace=replace)


def _schema_route(request: Request, base: Base, rest: list[str], author: Author) -> Any:
    included = parameters.listed(request.query, "include")
    match request.method, rest:
        case "GET", []:
            return metadata.base(base, included)
        case "GET", ["tables"]:
            visible = "visibleFieldIds" in included
            return metadata.tables(base, visible_field_ids=visible)
        case "POST", ["tables"]:
            return schema_changes.create_table(request.json(), base, author)
        case "PATCH", ["tables", name]:
            return schema_changes.update_table(request.json(), _table_of_schema(name, base), author)
        case "POST", ["tables", name, "fields"]:
            return schema_changes.create_field(request.json(), _table_of_schema(name, base), author)
        case "PATCH", ["tables", name, "fields", field_id]:
            field = _table_of_schema(name, base).fields.get(field_id)
            if field is None:
                raise errors.model_not_found()
            return schema_changes.update_field(request.json(), field, author)
        case "GET", ["views"]:
            return metadata.views(base)
        case "GET", ["views", view_id]:
            return metadata.view(view_id, base)
        case "DELETE", ["views", view_id]:
            return schema_changes.delete_view(view_id, base)
    raise errors.not_found()


def _table_of_schema(name_or_id: str, base: Base) -> Table:
    table = base.table(name_or_id)
    if table is None:
        raise errors.model_not_found()
    return table


def _upload(request: Request, base: Base, record_id: str, name: str, sandbox: Sandbox) -> Any:
    """No table in the path: the record is looked for in the whole base."""
    table = base.table_of_record(record_id)
    if table is None:
        raise errors.record_not_found(sandbox.missing_record)
    record, field = table.records[record_id], table.field(name)
    if field is None:
        raise errors.unknown_field(name)
    return writing.attach(request.json(), field, record, sandbox.files, sandbox.author(request.grant))


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
            return webhooks.create(request.json(), base, sandbox.ids, request.grant.integration)
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
        readable=readable_for(*(parameters.first(query, key) for key in ("cellFormat", "timeZone", "userLocale"))),
    )


def _page(query: listing.ListQuery, table: Table, sandbox: Sandbox) -> dict[str, Any]:
    return listing.page(query, table, sandbox.iterators, sandbox.clock.seconds())


def _table(request: Request, name_or_id: str, sandbox: Sandbox) -> Table:
    base = _base(request, request.segments[1], sandbox)
    table = base.table(name_or_id)
    if table is None:
        raise errors.table_not_found(name_or_id, base.id, sandbox.missing_table)
    return table


def _base(request: Request, base_id: str, sandbox: Sandbox) -> Base:
    """Raises the refusal of the data routes; `_visible_base` that of the metadata."""
    return _allowed(request, base_id, sandbox, errors.model_not_found)


def _visible_base(request: Request, base_id: str, sandbox: Sandbox) -> Base:
    return _allowed(request, base_id, sandbox, errors.hidden)


def _allowed(request: Request, base_id: str, sandbox: Sandbox, refusal: Callable[[], errors.AirtableError]) -> Base:
    if not is_id("app", base_id):
        raise errors.not_found()
    base = sandbox.bases.get(base_id)
    if base is None or not request.grant.sees(base_id):
        raise refusal()
    if not permits(base, scope_of(request.method, request.segments)):
        raise errors.not_permitted(_deed(request, base))
    return base


def _deed(request: Request, base: Base) -> str:
    """What Airtable says one may not do."""
    is_record_route = request.segments[1] == base.id and len(request.segments) in (3, 4)
    table = base.table(request.segments[2]) if is_record_route else None
    if table is not None and request.method == "POST":
        return f"create records in table {table.name} ({table.id})"
    if table is not None and request.method in {"PATCH", "PUT"}:
        for field in map(table.field, writing.named_fields(request.json())):
            if field is not None:
                return f"write cell values in field {field.name} ({field.id})"
    return "perform this operation"


def _record(record_id: str, table: Table, sandbox: Sandbox) -> Record:
    record = table.records.get(record_id)
    if record is not None:
        return record
    if table.base.table_of_record(record_id) is not None:
        raise errors.wrong_table()
    raise errors.record_not_found(sandbox.missing_record)
