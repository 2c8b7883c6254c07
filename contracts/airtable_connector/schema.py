"""Making and renaming tables and fields. Airtable's API deletes neither, and changes no type."""

from typing import Any

from pydantic import Field

from contracts.airtable_connector.records import Name, Sent


class NewField(Sent):
    name: Name
    type: Name = Field(description="Airtable's field type, e.g. singleLineText.")
    description: str | None = None
    options: dict[str, Any] | None = Field(default=None, description="As Airtable wants them for the type.")


class NewTable(Sent):
    name: Name
    description: str | None = None
    fields: list[NewField] = Field(min_length=1, description="The first one is the primary field.")


class NewBase(Sent):
    name: Name
    workspace_id: Name
    tables: list[NewTable] = Field(min_length=1)


class Renamed(Sent):
    """At least one of both."""

    name: Name | None = None
    description: str | None = None
