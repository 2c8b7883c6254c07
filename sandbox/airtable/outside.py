"""Edits that do not come through the API: what people do in Airtable's own pages while a program runs."""

from __future__ import annotations

from typing import Any

from sandbox.airtable import errors
from sandbox.airtable.change import Author, Change, delete
from sandbox.airtable.schema import Base, Record, Table

_KEYS = {"base", "table", "user", "typecast", "create", "update", "delete"}


class InvalidEdit(Exception):
    pass


def edit(given: dict[str, Any], bases: dict[str, Base], author: Author) -> dict[str, list[str]]:
    """`{"base", "table", "user"?, "create"?: [fields], "update"?: [{"id", "fields"}], "delete"?: [ids]}`.

    All or nothing. Bases and tables by id or name; the user by address, the token's without one. Answers the ids.
    """
    if unknown := sorted(set(given) - _KEYS):
        raise InvalidEdit(f"unknown keys: {', '.join(unknown)}")
    table = _table(given, bases)
    author = Author(_user_id(given, table.base) or author.user_id, author.clock, author.ids, source="client")
    gone = [_record(record_id, table) for record_id in _listed(given, "delete")]
    change = Change(table.base, author, typecast=given.get("typecast") is True)
    try:
        created = [change.create(table, _fields(fields)) for fields in _listed(given, "create")]
        updated = [
            change.update(table, _record(item.get("id"), table), _fields(item.get("fields")))
            for item in map(_object, _listed(given, "update"))
        ]
    except errors.AirtableError as refusal:
        raise InvalidEdit(refusal.body["error"]["message"]) from None
    if created or updated:
        change.apply()
    if gone:
        delete(table, list(dict.fromkeys(gone)), author)
    return {
        "created": [record.id for record in created],
        "updated": [record.id for record in updated],
        "deleted": [record.id for record in gone],
    }


def _table(given: dict[str, Any], bases: dict[str, Base]) -> Table:
    base = next((base for base in bases.values() if given.get("base") in (base.id, base.name)), None)
    if base is None:
        raise InvalidEdit("base: no base of that id or name")
    table = base.table(given["table"]) if isinstance(given.get("table"), str) else None
    if table is None:
        raise InvalidEdit("table: no table of that id or name")
    return table


def _user_id(given: dict[str, Any], base: Base) -> str | None:
    if given.get("user") is None:
        return None
    for user in base.users.values():
        if user["email"] == given["user"]:
            return user["id"]
    raise InvalidEdit("user: nobody with that address has access to the base")


def _listed(given: dict[str, Any], key: str) -> list[Any]:
    items = given.get(key, [])
    if not isinstance(items, list):
        raise InvalidEdit(f"{key}: must be a list")
    return items


def _object(item: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise InvalidEdit('update: each must be {"id", "fields"}')
    return item


def _fields(fields: Any) -> dict[str, Any]:
    if not isinstance(fields, dict):
        raise InvalidEdit("fields: must be an object of cells")
    return fields


def _record(record_id: Any, table: Table) -> Record:
    record = table.records.get(record_id) if isinstance(record_id, str) else None
    if record is None:
        raise InvalidEdit(f"no record {record_id} in {table.name}")
    return record
