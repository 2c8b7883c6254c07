"""Selects. Stored as choice ids, shown as names, so that renaming a choice renames it in every record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.airtable import errors
from sandbox.airtable.fields.base import FieldType

if TYPE_CHECKING:
    from sandbox.airtable.change import Change
    from sandbox.airtable.schema import Field


class SingleSelect(FieldType):
    name = "singleSelect"
    merges = True

    def write(self, value: Any, field: Field, change: Change) -> Any:
        return choice_id(value, field, change)

    def json(self, value: Any, field: Field) -> Any:
        return choice_name(value, field)

    def text(self, value: Any, field: Field) -> str:
        return choice_name(value, field)

    def order(self, value: Any, field: Field) -> Any:
        return choice_position(value, field)


class MultipleSelects(FieldType):
    name = "multipleSelects"
    merges = True

    def write(self, value: Any, field: Field, change: Change) -> Any:
        if change.typecast and isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
        if not isinstance(value, list):
            raise errors.cannot_accept(field.name)
        ids = [choice_id(item, field, change) for item in value]
        return list(dict.fromkeys(ids)) or None

    def json(self, value: Any, field: Field) -> Any:
        return [choice_name(item, field) for item in value]

    def text(self, value: Any, field: Field) -> str:
        return ", ".join(choice_name(item, field) for item in value)

    def order(self, value: Any, field: Field) -> Any:
        return [choice_position(item, field) for item in value]


def choice_id(value: Any, field: Field, change: Change) -> str:
    """By name or by id. An unknown name is a new choice with typecast, a refusal without."""
    if not isinstance(value, str) or not value:
        raise errors.cannot_accept(field.name)
    for choice in [*field.options["choices"], *change.new_choices(field)]:
        if value in (choice["name"], choice["id"]):
            return str(choice["id"])
    if not change.typecast:
        raise errors.no_new_choice(value)
    return change.add_choice(field, value)


def choice_name(value: str, field: Field) -> str:
    return next(str(choice["name"]) for choice in field.options["choices"] if choice["id"] == value)


def choice_position(value: str, field: Field) -> int:
    return next(at for at, choice in enumerate(field.options["choices"]) if choice["id"] == value)
