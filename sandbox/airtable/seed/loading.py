"""A seed document to bases. Ids derive from names, so the same seed has the same ids on every machine."""

from __future__ import annotations

import re
from typing import Any

from sandbox.airtable import links
from sandbox.airtable.change import Author, Change
from sandbox.airtable.clock import Clock, iso
from sandbox.airtable.errors import AirtableError
from sandbox.airtable.fields import FIELD_TYPES
from sandbox.airtable.fields.base import is_empty
from sandbox.airtable.fields.links import linked_table
from sandbox.airtable.formula import FormulaError, compile_formula, parse
from sandbox.airtable.ids import Ids, derived_id, is_id
from sandbox.airtable.schema import Base, Comment, Field, Record, Table, View
from sandbox.airtable.seed.derived import connect_derived
from sandbox.airtable.seed.options import connect, set_options
from sandbox.airtable.seed.reading import InvalidSeed, Part, SeedDocument

OWNER = {"id": derived_id("usr", "owner"), "email": "owner@sandbox.example", "name": "Sandbox Owner"}
#: 2026-01-01; a record without a createdTime was made a minute after the one before it.
_FIRST_CREATED = 1_767_225_600.0
_CREATED = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.000Z")
#: Computed fields need the fields they are computed from.
_ORDER = ("multipleRecordLinks", "count", "lastModifiedTime")


def load(document: dict[str, Any]) -> list[Base]:
    """Raises InvalidSeed with the place of the first thing that is wrong, and its line when the text is known."""
    try:
        return _bases(document)
    except InvalidSeed as error:
        if not isinstance(document, SeedDocument):
            raise
        line = document.line(str(error).partition(": ")[0])
        raise InvalidSeed(f"{error} (line {line})") from None


def _bases(document: dict[str, Any]) -> list[Base]:
    seed = Part(document, "")
    users = users_of(seed)
    # Read by `access`.
    seed.items("tokens"), seed.items("oauthClients")
    bases = [_base(part, users) for part in seed.parts("bases")]
    seed.finish()
    if len({base.id for base in bases}) != len(bases):
        raise InvalidSeed("bases: two have the same id or name")
    return bases


def users_of(seed: Part) -> dict[str, dict[str, str]]:
    return {OWNER["id"]: OWNER} | {user["id"]: user for user in map(_user, seed.parts("users"))}


def _user(part: Part) -> dict[str, str]:
    email = part.text("email")
    user = {"id": _id(part, "usr", email), "email": email, "name": part.text("name")}
    part.finish()
    return user


def _id(part: Part, prefix: str, path: str) -> str:
    given = part.optional_text("id")
    if given is not None and not is_id(prefix, given):
        raise part.fail("id", f"must be {prefix} and 14 letters or digits")
    return given or derived_id(prefix, path)


def _base(part: Part, users: dict[str, dict[str, str]]) -> Base:
    name = part.text("name")
    base = Base(_id(part, "app", name), name, users, part.optional_text("permissionLevel") or "create")
    tables = [(_table(table_part, base), table_part) for table_part in part.parts("tables")]
    part.finish()
    pending = [(field, options) for table, table_part in tables for field, options in _fields(table, table_part)]
    for kind in _ORDER:
        for field, options in pending:
            if field.type.name == kind:
                connect(field, options)
    connect_derived(pending)
    for field, options in pending:
        options.finish()
        _check_inverse(field, options)
    for table, table_part in tables:
        table.views = [_view(view_part, table) for view_part in table_part.parts("views")]
    _Records(base).load(tables)
    for _, table_part in tables:
        table_part.finish()
    return base


def _table(part: Part, base: Base) -> Table:
    name = part.text("name")
    table = Table(_id(part, "tbl", f"{base.id}/{name}"), name, base, part.optional_text("description"))
    if base.table(name) is not None or table.id in base.tables:
        raise part.fail("name", "two tables have this name or id")
    base.tables[table.id] = table
    return table


def _fields(table: Table, table_part: Part) -> list[tuple[Field, Part]]:
    made = []
    for part in table_part.parts("fields"):
        name, kind = part.text("name"), part.text("type")
        if kind not in FIELD_TYPES:
            raise part.fail("type", f"unknown field type; known are {', '.join(FIELD_TYPES)}")
        if table.field(name) is not None:
            raise part.fail("name", "two fields have this name")
        field_id = _id(part, "fld", f"{table.id}/{name}")
        field = Field(field_id, name, FIELD_TYPES[kind], table, part.optional_text("description"))
        options = Part(part.mapping("options"), f"{part.place}.options")
        part.finish()
        set_options(field, options)
        table.add_field(field)
        made.append((field, options))
    if not made:
        raise table_part.fail("fields", "a table needs at least one field")
    return made


def _check_inverse(field: Field, options: Part) -> None:
    inverse_id = field.options.get("inverseLinkFieldId")
    if inverse_id is not None:
        inverse = linked_table(field).fields[inverse_id]
        if inverse.options.get("inverseLinkFieldId") != field.id:
            raise options.fail("inverse", f"{inverse.name} must name {field.name} as its inverse")


def _view(part: Part, table: Table) -> View:
    name = part.text("name")
    view = View(_id(part, "viw", f"{table.id}/{name}"), name, part.optional_text("type") or "grid")
    view.filter = part.optional_text("filter")
    try:
        if view.filter:
            compile_formula(parse(view.filter), table)
    except FormulaError as error:
        raise part.fail("filter", str(error)) from None
    for order in part.parts("sort"):
        view.sort.append((_named(table, order, "field"), order.optional_text("direction") == "desc"))
        order.finish()
    for hidden in part.items("hidden"):
        view.hidden.add(_named(table, Part({"field": hidden}, f"{part.place}.hidden"), "field").id)
    part.finish()
    return view


def _named(table: Table, part: Part, key: str) -> Field:
    field = table.field(part.text(key))
    if field is None:
        raise part.fail(key, f"no such field in {table.name}")
    return field


class _Records:
    """All records are made before any cell is written, so that links may point forward."""

    def __init__(self, base: Base) -> None:
        self._change = Change(base, Author(OWNER["id"], Clock(), Ids(seed=0)))
        self._keys: dict[tuple[str, str], str] = {}
        self._created = _FIRST_CREATED

    def load(self, tables: list[tuple[Table, Part]]) -> None:
        made = [
            (table, self._record(table, part), part)
            for table, table_part in tables
            for part in table_part.parts("records")
        ]
        for table, record, part in made:
            for name, value in part.mapping("fields").items():
                field = table.field(name)
                if field is None:
                    raise part.fail(f"fields.{name}", f"no such field in {table.name}")
                if not is_empty(value):
                    self._write(field, record, value, part)
            part.finish()

    def _record(self, table: Table, part: Part) -> Record:
        table.last_auto_number += 1
        key = part.optional_text("key") or str(table.last_auto_number)
        record_id = _id(part, "rec", f"{table.id}/{key}")
        if record_id in table.records:
            raise part.fail("key", "two records have this key or id")
        self._created += 60
        created = part.optional_text("createdTime") or iso(self._created)
        if not _CREATED.fullmatch(created):
            raise part.fail("createdTime", "must look like 2026-01-31T09:15:00.000Z")
        author = self._author(part, table)
        record = Record(record_id, created, author, table.last_auto_number, {}, created, author)
        for number in range(1, part.number("commentCount", 0) + 1):
            comment_id = derived_id("com", f"{record_id}/{number}")
            record.comments.append(Comment(comment_id, author, f"Comment {number}", created))
        self._keys[table.id, key] = record_id
        table.records[record_id] = record
        return record

    def _author(self, part: Part, table: Table) -> str:
        email = part.optional_text("createdBy") or OWNER["email"]
        for user in table.base.users.values():
            if user["email"] == email:
                return user["id"]
        raise part.fail("createdBy", "no such user")

    def _write(self, field: Field, record: Record, value: Any, part: Part) -> None:
        if field.type.name == links.LINKS and isinstance(value, list):
            known = self._keys
            linked = field.options["linkedTableId"]
            value = [known.get((linked, item), item) if isinstance(item, str) else item for item in value]
        try:
            stored = field.type.write(value, field, self._change)
        except AirtableError as error:
            message = error.body["error"]["message"]
            raise part.fail(f"fields.{field.name}", f"{message}: {value!r}") from None
        links.put(field, record, stored)
