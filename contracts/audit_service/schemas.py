"""What the metadata of an action's entries should look like."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field


class NewActionSchema(BaseModel):
    json_schema: dict[str, Any] = Field(
        description="JSON Schema (2020-12) of the `metadata` of this action's entries. It refers to nothing outside."
    )


class ActionSchema(NewActionSchema):
    """The schema in one of its versions. An entry is checked against the newest, and keeps the number."""

    action: str
    version: int
    set_by: str
    set_at: datetime
