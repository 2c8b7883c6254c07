"""What Airtable's webhooks tell, for whoever keeps something of a base."""

from typing import Any, ClassVar

from pydantic import AwareDatetime, BaseModel, Field


class ChangedTable(BaseModel):
    """What changed in one table."""

    table: str = Field(description="Its id.")
    records: dict[str, dict[str, Any] | None] = Field(
        default={},
        description="Created and changed records: the cells that changed, by field id, as Airtable's webhooks write "
        "values, null for an empty cell; null where they are not told.",
    )
    deleted: list[str] = Field(default=[], description="Ids of records.")


class BaseChanged(BaseModel):
    """A base changed, by whomever: what the platform wrote itself comes back so too. Without any change it only says
    that somebody listens. The changes of one record come in the order in which they happened."""

    TOPIC: ClassVar[str] = "webhook-service.base-changed"
    TYPE: ClassVar[str] = "webhook-service.base-changed.v1"

    base: str
    changed_at: AwareDatetime | None = Field(default=None, description="When, by Airtable's clock.")
    tables: list[ChangedTable] = []
    schema_changed: bool = Field(default=False, description="Tables or fields are not as before.")
    again_within: float = Field(
        description="Seconds within which the next event of this base comes, with a change or without. When none does, "
        "nobody listens any more, and what changed since is not told."
    )

    @property
    def subject(self) -> str:
        return self.base
