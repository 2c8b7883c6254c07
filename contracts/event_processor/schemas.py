"""Which events the platform knows, and the shape of each."""

from typing import Any

from pydantic import BaseModel, Field


class EventSchema(BaseModel):
    type: str
    topic: str
    owner: str = Field(description="App-id of the only one who tells it.")
    version: int
    about: str


class EventSchemaWhole(EventSchema):
    data: dict[str, Any] = Field(description="JSON Schema of the event's data.")
