"""What crosses between example-service and others: its routes' models and its event."""

from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel, Field

BASE_ID = "^app[A-Za-z0-9]{14}$"


class RememberBase(BaseModel):
    base: str = Field(pattern=BASE_ID)


class TableSize(BaseModel):
    name: str
    fields: int


class Summary(BaseModel):
    """What is in a base; null as long as it is not measured."""

    base: str
    tables: int | None = None
    fields: int | None = Field(None, description="Of all tables together.")
    widest: list[TableSize] | None = Field(None, description="The tables with most fields, widest first.")
    measured_at: datetime | None = None


class BaseRemembered(BaseModel):
    """Somebody wants to know what is in a base."""

    TOPIC: ClassVar[str] = "example-service.base-remembered"
    TYPE: ClassVar[str] = "example-service.base-remembered.v1"

    base: str

    @property
    def subject(self) -> str:
        return self.base
