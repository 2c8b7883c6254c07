"""One event a record, for every write that went through the platform; what others do in Airtable, webhooks tell."""

from typing import Any, ClassVar

from pydantic import BaseModel, Field

MAX_VALUES = 16 * 1024  # bytes of JSON; what is larger is left out and said to be


class _RecordEvent(BaseModel):
    """Tenant, actor and trace are in the envelope."""

    base: str
    table: str = Field(description="Id of the table; its name as the caller wrote it where the id is not known.")
    record: str
    operation: str = Field(description="Id of the operation under /api/v1/operations.")

    @property
    def subject(self) -> str:
        """Without the table: it has two names, and a record's id is enough."""
        return f"{self.base}/{self.record}"


class _WithCells(_RecordEvent):
    fields: list[str] = Field(description="The cells that are not as before, by name (or by id, see `fields_by_id`).")
    fields_by_id: bool = Field(default=False, description="Cells are called by field id, as the caller asked.")
    values: dict[str, Any] | None = Field(
        default=None, description="Their values now, null for an empty cell; absent when they are larger than 16 KiB."
    )
    values_left_out: bool = Field(default=False, description="The values were too large: read the record.")


class RecordCreated(_WithCells):
    """A record was created."""

    TOPIC: ClassVar[str] = "airtable-connector.record-created"
    TYPE: ClassVar[str] = "airtable-connector.record-created.v1"


class RecordUpdated(_WithCells):
    """A record was updated or replaced; `fields` is empty when it said what was there already."""

    TOPIC: ClassVar[str] = "airtable-connector.record-updated"
    TYPE: ClassVar[str] = "airtable-connector.record-updated.v1"


class RecordDeleted(_RecordEvent):
    """A record was deleted."""

    TOPIC: ClassVar[str] = "airtable-connector.record-deleted"
    TYPE: ClassVar[str] = "airtable-connector.record-deleted.v1"
