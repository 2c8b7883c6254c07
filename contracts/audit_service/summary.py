"""What audit-service's own routes speak."""

from pydantic import BaseModel, Field


class TableSize(BaseModel):
    name: str
    fields: int


class Summary(BaseModel):
    base: str
    tables: int
    fields: int = Field(description="Of all tables together.")
    widest: list[TableSize] = Field(description="The tables with most fields, widest first.")
