"""A tenant's connections to Airtable; their tokens are never told."""

from typing import Literal

from pydantic import BaseModel, Field


class Connection(BaseModel):
    name: str = Field(description="What the header `x-airtable-connection` of a request may say.")


class ConnectionChecked(Connection):
    """What Airtable says of the connection's token at this moment."""

    owner: str = Field(description="Id of the token's user at Airtable.")
    email: str | None = Field(default=None, description="Only where the token may tell it.")
    scopes: list[str] | None = Field(description="Null: not known, Airtable judges each call.")
    scopes_from: Literal["declared", "airtable", "unknown"]
    bases: list[str] | None = Field(description="Ids of the bases it sees; null when it may not list them.")
