"""Cells as they were read, in the form in which Airtable takes them back; and what it does not take back."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from apps.airtable_connector.domain import cells
from contracts.airtable_connector import Table, TableField

LINKS = "multipleRecordLinks"
FILES = "multipleAttachments"
SERVED = timedelta(hours=2)
_STAMPED = {"autoNumber", "createdBy", "createdTime", "lastModifiedBy", "lastModifiedTime"}


def sendable(
    wanted: cells.Cells, current: cells.Cells, fields: Mapping[str, TableField], *, fresh: bool
) -> tuple[dict[str, Any], list[str]]:
    """(cells to send, what cannot be brought back). `current`: what is there now."""
    sent: dict[str, Any] = {}
    lost: list[str] = []
    for name, value in wanted.items():
        kind = fields[name].type
        if kind == FILES and not cells.empty(value):
            sent[name], gone = _files(value, current.get(name) or [], fresh=fresh)
            lost += [f"{name}: the attachment {one}, whose address has expired" for one in gone]
            if gone and not sent[name]:
                del sent[name]  # to empty the cell would not bring it nearer to what it was
        elif kind == "singleCollaborator" and isinstance(value, dict):
            sent[name] = {"id": value.get("id")}
        elif kind == "multipleCollaborators" and isinstance(value, list):
            sent[name] = [{"id": one.get("id")} for one in value]
        else:
            sent[name] = None if cells.empty(value) else value
    return sent, lost


def alike(one: Any, other: Any) -> bool:
    """Whether two values of a cell are the same to a person: a file that came back has another id."""
    return cells.same(one, other) or (_names(one) is not None and _names(one) == _names(other))


def held_back(sent: Mapping[str, Any], fields: Mapping[str, TableField], awaited: Collection[str]) -> dict[str, Any]:
    """The link cells that name a record which is yet to come back."""
    return {
        n: value for n, value in sent.items() if fields[n].type == LINKS and not set(awaited).isdisjoint(value or ())
    }


def renamed(
    sent: Mapping[str, Any], fields: Mapping[str, TableField], names: Mapping[str, str], absent: Collection[str]
) -> dict[str, Any]:
    """The same cells, their links to what the records are called now; without those to what stays away."""
    return {
        name: [names.get(one, one) for one in value if one not in absent] if _links(fields[name], value) else value
        for name, value in sent.items()
    }


def still_served(told_at: datetime, now: datetime) -> bool:
    """Whether the addresses of attachments that Airtable told then still work."""
    return now - told_at < SERVED


def irrecoverable(back: int, gone: int, table: Table | None, tables: Sequence[Table]) -> list[str]:
    """What Airtable's API cannot bring back when `back` records are created again and `gone` deleted."""
    told = []
    if back:
        told.append(f"{back} come back under new ids, with new created times, without their comments and history.")
        stamped = [field.name for field in (table.fields if table else ()) if field.type in _STAMPED]
        if stamped:
            told.append(f"Airtable itself fills {', '.join(stamped)} anew.")
        if one_sided := _one_sided(table, tables):
            told.append(f"Links to them from {', '.join(one_sided)}: these fields have no other side.")
    if gone:
        told.append(f"{gone} are deleted, and with them their comments.")
    return told


def _links(field: TableField, value: Any) -> bool:
    return field.type == LINKS and bool(value)


def _one_sided(table: Table | None, tables: Sequence[Table]) -> list[str]:
    return [
        f"{other.name}.{field.name}"
        for other in tables
        for field in other.fields
        if table is not None
        and field.type == LINKS
        and (field.options or {}).get("linkedTableId") == table.id
        and not (field.options or {}).get("inverseLinkFieldId")
    ]


def _files(wanted: Sequence[Any], current: Sequence[Any], *, fresh: bool) -> tuple[list[dict[str, Any]], list[str]]:
    kept = {one.get("id") for one in current}
    sent: list[dict[str, Any]] = []
    gone: list[str] = []
    for one in wanted:
        if one.get("id") in kept:
            sent.append({"id": one["id"]})
        elif fresh and one.get("url"):
            sent.append({"url": one["url"], "filename": one.get("filename")})
        else:
            gone.append(str(one.get("filename") or one.get("id")))
    return sent, gone


def _names(value: Any) -> list[tuple[Any, Any]] | None:
    """(name, size) of each file of an attachment cell, None for any other value."""
    if not isinstance(value, list) or not value or not all(isinstance(one, dict) and "url" in one for one in value):
        return None
    return [(one.get("filename"), one.get("size")) for one in value]
