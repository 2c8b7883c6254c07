"""Versions of a base's schema, what differs between them, and the event that tells of a new one."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from contracts.airtable_connector import MAX_RECORDS, Cells, Sent, Table

BASE_ID = "^app[A-Za-z0-9]{14}$"
TOLD = 100  # changes an event carries


class Which(Sent):
    """Which version of the schema; the newest when nothing is said."""

    version: int | None = Field(default=None, ge=1, le=2**31 - 1)
    as_of: AwareDatetime | None = Field(default=None, description="The one that was the newest at this time.")

    @model_validator(mode="after")
    def _one_of_them(self) -> "Which":
        if self.version and self.as_of:
            raise ValueError("give version or as_of, not both")
        return self


class Version(BaseModel):
    """One state of a base's schema. Versions count from 1; the same schema seen again makes no new one."""

    base: str
    version: int
    hash: str = Field(description="SHA-256 of the schema's canonical JSON.")
    taken_at: datetime
    taken_by: str


class Snapshot(Version):
    tables: list[Table]
    seen_at: datetime | None = Field(None, description="When Airtable last said just this; on the current one only.")


class SchemaChange(BaseModel):
    """One difference. Things are followed by their id, so a rename is a rename."""

    kind: Literal["added", "removed", "renamed", "retyped", "options", "described", "primary"]
    what: Literal["table", "field", "view"]
    table_id: str
    id: str
    path: str = Field(description="Names from the table down, as they were before; as they are for what was added.")
    before: str | None = None
    after: str | None = None
    breaking: bool = Field(description="Whether somebody who relied on the schema before can fail now.")
    reason: str


class SchemaDiff(BaseModel):
    base: str
    before: int = Field(description="The version compared with.")
    after: int | None = Field(description="The version compared; null: the base as it is in Airtable now.")
    breaking: bool
    changes: list[SchemaChange]
    text: str = Field(description="The same, for people: a line each, those that break first.")


class Candidate(Sent):
    """A record as it would be written."""

    fields: Cells


class Mistake(BaseModel):
    field: str = Field(description="As the record calls it.")
    message: str


class Validation(BaseModel):
    version: int = Field(description="The schema's version that was asked.")
    valid: bool
    errors: list[Mistake]


class Candidates(Sent):
    """Records as they would be written in one request."""

    records: list[Cells] = Field(min_length=1, max_length=MAX_RECORDS)
    typecast: bool = Field(default=False, description="Airtable shall make values fit, and choices that are new.")


class RecordMistake(Mistake):
    record: int = Field(description="Which of the records, from 0.")


class Validations(BaseModel):
    version: int = Field(description="The schema's version that was asked; before a mistake is told, the newest.")
    valid: bool
    total: int = Field(description="How many mistakes there are.")
    errors: list[RecordMistake] = Field(max_length=TOLD, description="The first of them.")


class SchemaChanged(BaseModel):
    """A base's schema is another one than before."""

    TOPIC: ClassVar[str] = "schema-service.schema-changed"
    TYPE: ClassVar[str] = "schema-service.schema-changed.v1"

    base: str
    version: int
    previous: int
    breaking: bool
    total: int = Field(description="How many changes there are.")
    changes: list[SchemaChange] = Field(max_length=TOLD, description="The first of them, those that break first.")

    @property
    def subject(self) -> str:
        return self.base
