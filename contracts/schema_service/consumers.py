"""Who relies on a schema, and what its names are called now."""

from datetime import datetime

from pydantic import BaseModel, Field

from contracts.airtable_connector import Name, Sent
from contracts.schema_service.snapshots import SchemaChange

CONSUMER = "^[a-z0-9][a-z0-9-]{0,62}$"


class Declaration(Sent):
    """What a consumer was written against."""

    version: int | None = Field(default=None, ge=1, le=2**31 - 1, description="Whose names it uses; null: the newest.")
    uses: list[Name] = Field(
        default=[],
        max_length=500,
        description="Tables and fields it needs: `Table`, `Table.Field`, or ids. Empty: it may use everything.",
    )


class Consumer(BaseModel):
    base: str
    consumer: str
    version: int
    uses: list[str] = Field(description="Ids of tables and fields.")
    declared_at: datetime
    declared_by: str


class TableAliases(BaseModel):
    """One table. `fields` has what is called otherwise now: name the consumer uses → name in Airtable. `hidden` are the
    fields that came since under a name that the consumer uses for another."""

    table_id: str
    called: str = Field(description="As the consumer calls the table.")
    name: str = Field(description="As Airtable does.")
    fields: dict[str, str]
    hidden: list[str]


class ConsumerState(Consumer):
    """A consumer, and what became of what it uses."""

    current: int = Field(description="The newest version.")
    broken: bool = Field(
        description="Something it uses is gone or of another form. A rename breaks nothing: see aliases."
    )
    changes: list[SchemaChange] = Field(description="Of what it uses, since its version; those that break first.")
    aliases: list[TableAliases]
    text: str
