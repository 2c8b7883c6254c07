"""Listing records: which ones, in which order, and one page of them."""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import orjson

from sandbox.airtable import errors, parameters
from sandbox.airtable.formula import Compiled, FormulaError, compile_formula, parse
from sandbox.airtable.http import Request
from sandbox.airtable.iterators import Iterators
from sandbox.airtable.readable import readable_for
from sandbox.airtable.rendering import Rendering
from sandbox.airtable.schema import Field, Record, Table, View

#: For one filter over all records of a table.
FILTER_SECONDS = 10.0


@dataclass
class ListQuery:
    """What a client asked for, checked against the table."""

    page_size: int = 100
    max_records: int | None = None
    view: View | None = None
    filter: Compiled | None = None
    sort: list[tuple[Field, bool]] = field(default_factory=list)
    offset: str | None = None
    rendering: Rendering = field(default_factory=Rendering)


def query_of_get(request: Request, table: Table) -> ListQuery:
    query = request.query
    given: dict[str, Any] = {
        key: parameters.first(query, key)
        for key in (
            "pageSize", "limit", "maxRecords", "view", "filterByFormula", "offset", "cellFormat", "timeZone",
            "userLocale", "returnFieldsByFieldId",
        )
    }  # fmt: skip
    given["fields"] = [name for name in parameters.listed(query, "fields") if name] or None
    given["recordMetadata"] = parameters.listed(query, "recordMetadata")
    given["sort"] = parameters.grouped(query, "sort")
    return checked(given, table)


def query_of_post(request: Request, table: Table) -> ListQuery:
    """`listRecords`: the same keys as JSON; zone and locale may be in the URL, as both clients send them."""
    body = request.json() if request.body else {}
    if not isinstance(body, dict):
        raise errors.invalid_request()
    for key in ("timeZone", "userLocale"):
        body[key] = body.get(key) or parameters.first(request.query, key)
    return checked(body, table)


def checked(given: dict[str, Any], table: Table) -> ListQuery:
    only = given.get("fields")
    metadata = given.get("recordMetadata") or []
    if not isinstance(only, list | None) or not isinstance(metadata, list):
        raise errors.invalid_request()
    if any(item != "commentCount" for item in metadata):
        raise errors.invalid_request()
    page_size = given.get("limit") if given.get("pageSize") is None else given["pageSize"]
    max_records = given.get("maxRecords")
    rendering = Rendering(
        by_id=parameters.boolean(given.get("returnFieldsByFieldId")),
        only=None if only is None else [_field(table, name) for name in dict.fromkeys(map(str, only))],
        readable=readable_for(given.get("cellFormat"), given.get("timeZone"), given.get("userLocale")),
        comment_count=bool(metadata),
    )
    return ListQuery(
        page_size=100 if page_size is None else parameters.whole(page_size, 1, 100),
        max_records=None if max_records is None else parameters.whole(max_records, 1),
        view=_view(given.get("view"), table),
        filter=_filter(given.get("filterByFormula"), table),
        sort=_sort(given.get("sort"), table),
        offset=_offset(given.get("offset")),
        rendering=rendering,
    )


def page(query: ListQuery, table: Table, iterators: Iterators, now: float) -> dict[str, Any]:
    """The body of one page. Later pages walk the ids that the first page found, as they are then."""
    if query.offset is None:
        ids = matching(query, table)
        records, offset = iterators.first(table, ids, query.page_size, now)
    else:
        records, offset = iterators.next(query.offset, table, query.page_size, now)
    body: dict[str, Any] = {"records": [query.rendering.record(record, table) for record in records]}
    return body if offset is None else body | {"offset": offset}


def matching(query: ListQuery, table: Table) -> list[str]:
    """The ids of all records asked for, in order."""
    view_filter = query.view.filter if query.view else None
    order = query.sort or (query.view.sort if query.view else [])
    if query.filter is None and not view_filter and not order:
        return table.ids() if query.max_records is None else list(islice(table.records, query.max_records))
    records = list(table.records.values())
    if view_filter:
        records = _passing(compiled(view_filter, table, table.base.version), records)
    if query.filter is not None:
        records = _passing(query.filter, records)
    for sorted_field, descending in reversed(order):
        records.sort(key=functools.partial(_sort_key, sorted_field), reverse=descending)
    return [record.id for record in records[: query.max_records]]


def _passing(formula: Compiled, records: list[Record]) -> list[Record]:
    """Bounded in time, because nobody else is served meanwhile."""
    until, passing = time.monotonic() + FILTER_SECONDS, []
    for record in records:
        if formula.includes(record):
            passing.append(record)
        if time.monotonic() > until:
            raise errors.invalid_formula("Evaluation takes too long.")
    return passing


@functools.lru_cache(maxsize=256)
def compiled(formula: str, table: Table, version: int) -> Compiled:
    """Cached by the base's version, because names may change with it. Raises Airtable's 422."""
    try:
        return compile_formula(parse(formula), table)
    except FormulaError as error:
        raise errors.invalid_formula(str(error)) from None


def _sort_key(sorted_field: Field, record: Record) -> tuple[bool, Any]:
    """Empty cells come first when ascending (unverified)."""
    value = sorted_field.value(record)
    return (False, 0) if value is None else (True, sorted_field.type.order(value, sorted_field))


def _field(table: Table, name: str) -> Field:
    found = table.field(name)
    if found is None:
        raise errors.unknown_field(name)
    return found


def _view(name: Any, table: Table) -> View | None:
    if name in (None, ""):
        return None
    found = table.view(name) if isinstance(name, str) else None
    if found is None:
        raise errors.view_not_found(str(name), by_id=str(name).startswith("viw"))
    return found


def _filter(formula: Any, table: Table) -> Compiled | None:
    if formula in (None, ""):
        return None
    if not isinstance(formula, str):
        raise errors.invalid_request()
    return compiled(formula, table, table.base.version)


def _sort(sort: Any, table: Table) -> list[tuple[Field, bool]]:
    if not isinstance(sort, list | None):
        raise errors.invalid_request()
    order = []
    for item in sort or []:
        if not isinstance(item, dict) or not isinstance(item.get("field"), str):
            raise errors.invalid_request()
        if item.get("direction", "asc") not in ("asc", "desc"):
            raise errors.invalid_request()
        order.append((_field(table, item["field"]), item.get("direction") == "desc"))
    return order


def _offset(offset: Any) -> str | None:
    if offset in (None, ""):
        return None
    if not isinstance(offset, str):
        raise errors.invalid_offset(orjson.dumps(offset).decode())
    return offset
