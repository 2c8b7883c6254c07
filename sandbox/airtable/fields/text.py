"""Fields whose cell is a text, and the barcode, whose cell is a text with a type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.airtable import errors
from sandbox.airtable.fields.base import FieldType

if TYPE_CHECKING:
    from sandbox.airtable.change import Change
    from sandbox.airtable.schema import Field


class _Text(FieldType):
    merges = True

    def write(self, value: Any, field: Field, change: Change) -> Any:
        if isinstance(value, str):
            return value
        if change.typecast:
            return _as_text(value, field)
        raise errors.cannot_accept(field.name)


class SingleLineText(_Text):
    name = "singleLineText"


class MultilineText(_Text):
    name = "multilineText"


class RichText(_Text):
    name = "richText"

    def write(self, value: Any, field: Field, change: Change) -> Any:
        """Always ends in a line break, also after it was cleared (recorded)."""
        text = super().write(value, field, change)
        return text if text.endswith("\n") else f"{text}\n"


class Email(_Text):
    name = "email"


class Url(_Text):
    name = "url"


class PhoneNumber(_Text):
    name = "phoneNumber"


class Barcode(FieldType):
    name = "barcode"

    def write(self, value: Any, field: Field, change: Change) -> Any:
        if change.typecast and isinstance(value, str):
            return {"text": value}
        if not isinstance(value, dict) or not isinstance(value.get("text"), str):
            raise errors.cannot_accept(field.name)
        if not isinstance(value.get("type"), str | None):
            raise errors.cannot_accept(field.name)
        stored = {"text": value["text"]}
        return stored | {"type": value["type"]} if value.get("type") else stored

    def text(self, value: Any, field: Field) -> str:
        return str(value["text"])


def _as_text(value: Any, field: Field) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    raise errors.cannot_accept(field.name)
