"""Collaborators. Stored as user ids of people who have access to the base."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.airtable import errors
from sandbox.airtable.fields.base import FieldType

if TYPE_CHECKING:
    from sandbox.airtable.change import Change
    from sandbox.airtable.schema import Field


class PersonCell(FieldType):
    """Whose cell is a user's id, shown as the user."""

    def json(self, value: Any, field: Field) -> Any:
        return dict(field.table.base.users[value])

    def text(self, value: Any, field: Field) -> str:
        return field.table.base.users[value]["name"]


class SingleCollaborator(PersonCell):
    name = "singleCollaborator"

    def write(self, value: Any, field: Field, change: Change) -> Any:
        return user_id(value, field, change)


class MultipleCollaborators(FieldType):
    name = "multipleCollaborators"

    def write(self, value: Any, field: Field, change: Change) -> Any:
        if not isinstance(value, list):
            raise errors.cannot_accept(field.name)
        return list(dict.fromkeys(user_id(item, field, change) for item in value)) or None

    def json(self, value: Any, field: Field) -> Any:
        return [dict(field.table.base.users[user]) for user in value]

    def text(self, value: Any, field: Field) -> str:
        return ", ".join(field.table.base.users[user]["name"] for user in value)


def user_id(value: Any, field: Field, change: Change) -> str:
    """From `{"id"}` or `{"email"}`; with typecast also from a name or an address."""
    users = field.table.base.users
    if isinstance(value, dict):
        wanted = {key: value[key] for key in ("id", "email") if isinstance(value.get(key), str)}
        for user in users.values():
            if wanted and all(user[key] == part for key, part in wanted.items()):
                return user["id"]
    elif change.typecast and isinstance(value, str):
        for user in users.values():
            if value in (user["id"], user["email"], user["name"]):
                return user["id"]
    raise errors.cannot_accept(field.name)
