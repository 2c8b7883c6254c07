"""Creating and updating tables and fields through the metadata API: everything is checked before anything changes."""

from __future__ import annotations

import re
from typing import Any

from sandbox.airtable import errors, metadata
from sandbox.airtable.change import Author
from sandbox.airtable.field_options import checked_options
from sandbox.airtable.fields import FIELD_TYPES
from sandbox.airtable.formula import parse, print_formula
from sandbox.airtable.schema import Base, Field, Table, View

MOST_DESCRIPTION = 20_000
#: As the first field of a table.
_PRIMARY = {
    "singleLineText", "multilineText", "richText", "email", "url", "phoneNumber", "barcode", "number", "percent",
    "currency", "duration", "date", "dateTime",
}  # fmt: skip


def create_base(content: Any, users: dict[str, dict[str, str]], author: Author) -> Base:
    """With at least one table. It is not yet one of the simulator's bases."""
    wanted = _object(content)
    name, tables = _name(wanted, errors.invalid_request), wanted.get("tables")
    if "workspaceId" not in wanted:
        raise errors.missing("workspaceId")
    if tables is None:
        raise errors.missing("tables")
    if not isinstance(tables, list) or not tables or not _is_workspace(wanted["workspaceId"]):
        raise errors.invalid_request()
    base = Base(author.ids.new("app"), name, users)
    base.created_time, base.workspace_id = author.clock.milliseconds_text(), wanted["workspaceId"]
    for table in tables:
        create_table(table, base, author)
    return base


def _is_workspace(workspace_id: Any) -> bool:
    """Both 17 and 18 characters are documented."""
    return isinstance(workspace_id, str) and re.fullmatch(r"wsp[0-9A-Za-z]{14,15}", workspace_id) is not None


def create_table(content: Any, base: Base, author: Author) -> dict[str, Any]:
    """With a grid view, as Airtable makes one. The first field becomes the primary one."""
    wanted = _object(content)
    name, fields = _name(wanted, errors.invalid_table_name), wanted.get("fields")
    if base.table(name) is not None:
        raise errors.duplicate_table_name()
    if not isinstance(fields, list) or not fields:
        raise errors.missing("fields") if fields is None else errors.invalid_request()
    table = Table(author.ids.new("tbl"), name, base, _description(wanted))
    table.views.append(View(author.ids.new("viw"), "Grid view"))
    links = [_new_field(_object(each), table, author) for each in fields]
    if table.primary is None or table.primary.type.name not in _PRIMARY:
        raise errors.invalid_primary()
    event = author.event(base)
    event.created_tables.append(table)
    base.tables[table.id] = table
    for field in links:
        _add_inverse(field, author, event)
    return _done(metadata.table(table), base, event)


def update_table(content: Any, table: Table, author: Author) -> dict[str, Any]:
    """Name and description; the answer is the whole table."""
    wanted, before = _object(content), {"name": table.name, "description": table.description}
    name = _name(wanted, errors.invalid_table_name) if "name" in wanted else table.name
    if table.base.table(name) not in (None, table):
        raise errors.duplicate_table_name()
    table.name, table.description = name, _description(wanted, table.description)
    event = author.event(table.base)
    event.changed_tables[table.id] = before
    return _done(metadata.table(table), table.base, event)


def create_field(content: Any, table: Table, author: Author) -> dict[str, Any]:
    field, event = _new_field(_object(content), table, author), author.event(table.base)
    event.created_fields.setdefault(table.id, []).append(field)
    _add_inverse(field, author, event)
    return _done(metadata.field(field), table.base, event)


def update_field(content: Any, field: Field, author: Author) -> dict[str, Any]:
    """Name and description; a type never changes."""
    wanted, table = _object(content), field.table
    if set(wanted) - {"name", "description"}:
        raise errors.invalid_request()
    name = _name(wanted, errors.duplicate_field_name) if "name" in wanted else field.name
    if name != field.name and table.field(name) is not None:
        raise errors.duplicate_field_name()
    description = _description(wanted, field.description)
    event = author.event(table.base)
    event.changed_fields.setdefault(table.id, {})[field.id] = {"name": field.name, "type": field.type.name}
    if name != field.name:
        _rename(field, name)
    field.description = description
    return _done(metadata.field(field), table.base, event)


def delete_view(view_id: str, base: Base) -> dict[str, Any]:
    """The last view of a table stays (unverified)."""
    table = next((table for table in base.tables.values() if any(view.id == view_id for view in table.views)), None)
    if table is None:
        raise errors.hidden()
    if len(table.views) == 1:
        raise errors.invalid_request("a table needs at least one view.")
    table.views = [view for view in table.views if view.id != view_id]
    base.version += 1
    return {"id": view_id, "deleted": True}


def _new_field(wanted: dict[str, Any], table: Table, author: Author) -> Field:
    name, kind = _name(wanted, errors.duplicate_field_name), wanted.get("type")
    if table.field(name) is not None:
        raise errors.duplicate_field_name()
    if kind not in FIELD_TYPES:
        raise errors.invalid_request() if kind is not None else errors.missing("type")
    description = _description(wanted)
    options = checked_options(kind, wanted.get("options"), table, author)
    field = Field(author.ids.new("fld"), name, FIELD_TYPES[kind], table, description, options)
    table.add_field(field)
    return field


def _add_inverse(field: Field, author: Author, event: Any) -> None:
    """The other side of a new link, named after this table. A link of a table to itself has none."""
    linked_id = field.options.get("linkedTableId")
    if linked_id in (None, field.table.id):
        return
    linked, number = field.table.base.tables[linked_id], 1
    name = field.table.name
    while linked.field(name) is not None:
        number += 1
        name = f"{field.table.name} {number}"
    options = {"linkedTableId": field.table.id, "isReversed": False, "prefersSingleRecordLink": False}
    inverse = Field(author.ids.new("fld"), name, field.type, linked, None, options | {"inverseLinkFieldId": field.id})
    field.options["inverseLinkFieldId"] = inverse.id
    linked.add_field(inverse)
    event.created_fields.setdefault(linked.id, []).append(inverse)


def _rename(field: Field, name: str) -> None:
    """In formulas of views too, which are kept as texts."""
    old = field.name.casefold()
    for view in field.table.views:
        if view.filter:
            view.filter = print_formula(parse(view.filter), lambda used: name if used.casefold() == old else used)
    field.table.rename_field(field, name)


def _done(shape: dict[str, Any], base: Base, event: Any) -> dict[str, Any]:
    base.version += 1
    base.tell(event)
    return shape


def _object(content: Any) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise errors.invalid_request()
    return content


def _name(wanted: dict[str, Any], refusal: Any) -> str:
    name = wanted.get("name")
    if name is None:
        raise errors.missing("name")
    if not isinstance(name, str) or not name.strip() or len(name) > 255:
        raise refusal()
    return name.strip()


def _description(wanted: dict[str, Any], before: str | None = None) -> str | None:
    text = wanted.get("description", before)
    if not isinstance(text, str | None) or len(text or "") > MOST_DESCRIPTION:
        raise errors.invalid_request()
    return text or None
