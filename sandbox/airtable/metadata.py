"""The metadata API: who one is, which bases there are, what a base is made of."""

from __future__ import annotations

from typing import Any

from sandbox.airtable import errors
from sandbox.airtable.grants import Grant
from sandbox.airtable.ids import Ids, is_id
from sandbox.airtable.schema import Base, Field, Table, View

BASES_PER_PAGE = 1000


def whoami(user: dict[str, str], grant: Grant) -> dict[str, Any]:
    """The address only with its scope; the scopes only of an OAuth token, which is one that expires."""
    shape: dict[str, Any] = {"id": user["id"]}
    if grant.expires is not None:
        shape["scopes"] = sorted(grant.scopes)
    return shape | {"email": user["email"]} if "user.email:read" in grant.scopes else shape


def bases(all_bases: list[Base], offset: str | None, ids: Ids) -> dict[str, Any]:
    """One page; the offset is `itr…/app…`, where `app…` is the next base."""
    start = 0
    if offset is not None:
        iterator, _, base_id = offset.partition("/")
        known = [base.id for base in all_bases]
        if not is_id("itr", iterator) or base_id not in known:
            raise errors.invalid_offset(offset)
        start = known.index(base_id)
    shown = all_bases[start : start + BASES_PER_PAGE]
    body: dict[str, Any] = {
        "bases": [{"id": base.id, "name": base.name, "permissionLevel": base.permission_level} for base in shown]
    }
    following = all_bases[start + BASES_PER_PAGE : start + BASES_PER_PAGE + 1]
    return body | {"offset": f"{ids.new('itr')}/{following[0].id}"} if following else body


def base(base: Base, included: list[str]) -> dict[str, Any]:
    """What is told of one base. Everybody of the seed has access to it; nobody else was invited."""
    shape: dict[str, Any] = {
        "id": base.id,
        "name": base.name,
        "createdTime": base.created_time,
        "permissionLevel": base.permission_level,
        "workspaceId": base.workspace_id,
    }
    if "collaborators" in included:
        people = [_collaborator(user, base) for user in base.users.values()]
        shape["individualCollaborators"] = {"baseCollaborators": people, "workspaceCollaborators": []}
        shape["groupCollaborators"] = {"baseCollaborators": [], "workspaceCollaborators": []}
    if "inviteLinks" in included:
        shape["inviteLinks"] = {"baseInviteLinks": [], "workspaceInviteLinks": []}
    return shape | {"interfaces": {}} if "interfaces" in included else shape


def _collaborator(user: dict[str, str], base: Base) -> dict[str, Any]:
    return {
        "userId": user["id"],
        "email": user["email"],
        "permissionLevel": base.permission_level,
        "grantedByUserId": next(iter(base.users)),
        "createdTime": base.created_time,
    }


def tables(base: Base, *, visible_field_ids: bool) -> dict[str, Any]:
    return {"tables": [table(each, visible_field_ids=visible_field_ids) for each in base.tables.values()]}


def table(table: Table, *, visible_field_ids: bool = False) -> dict[str, Any]:
    shape: dict[str, Any] = {"id": table.id, "name": table.name}
    if table.description:
        shape["description"] = table.description
    return shape | {
        "primaryFieldId": table.primary.id if table.primary else None,
        "fields": [field(each) for each in table.fields.values()],
        "views": [_view(view, table, visible_field_ids) for view in table.views],
    }


def field(field: Field) -> dict[str, Any]:
    shape: dict[str, Any] = {"type": field.type.name}
    if field.options:
        shape["options"] = field.options
    shape |= {"id": field.id, "name": field.name}
    return shape | {"description": field.description} if field.description else shape


def views(base: Base) -> dict[str, Any]:
    return {"views": [_view(view, table, False) for table in base.tables.values() for view in table.views]}


def view(view_id: str, base: Base) -> dict[str, Any]:
    for table in base.tables.values():
        for each in table.views:
            if each.id == view_id:
                return _view(each, table, True)
    raise errors.hidden()


def _view(view: View, table: Table, visible_field_ids: bool) -> dict[str, Any]:
    shape: dict[str, Any] = {"id": view.id, "name": view.name, "type": view.type}
    if visible_field_ids and view.type == "grid":
        shape["visibleFieldIds"] = [field_id for field_id in table.fields if field_id not in view.hidden]
    return shape
