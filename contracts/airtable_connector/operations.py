"""The journal of writes: what was done by whom, what it would do, and how it is undone."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from contracts.airtable_connector.records import MAX_RECORDS, Cells, Name, RecordId, Sent

OperationState = Literal["intended", "done", "partial", "failed", "unknown"]
Kind = Literal["create", "update", "replace", "upsert", "delete"]


class OperationsQuery(Sent):
    """Newest first; every filter given must hold."""

    base: str | None = None
    table: str | None = Field(default=None, description="As the operations tell it: the id, where it is known.")
    actor: str | None = None
    state: OperationState | None = None
    since: datetime | None = Field(default=None, description="Begun at or after.")
    until: datetime | None = Field(default=None, description="Begun before.")
    page_size: int = Field(default=50, ge=1, le=100)
    cursor: UUID | None = Field(default=None, description="`next` of the page before.")


class OperationSummary(BaseModel):
    """One write request. intended: under way, or its answer was lost and is being looked for. done: all of it. partial:
    a part of a batch. failed: nothing happened. unknown: it may have happened, and reading back did not tell."""

    id: UUID
    action: str = Field(description="record.create, record.update, record.replace, record.upsert, record.delete …")
    state: OperationState
    base: str
    table: str
    connection: str = Field(default="", description="The one it went over; empty where that is not known.")
    actor: str
    records: int
    created_at: datetime
    reverts: UUID | None = Field(default=None, description="The operation that this one undid.")
    request_id: str
    trace_id: str


class OperationRecord(BaseModel):
    """One record of it. Cells as Airtable told them; null: not known, or no such record then."""

    position: int
    kind: Kind
    record: str | None
    state: Literal["intended", "done", "failed", "unknown"]
    before: Cells | None
    after: Cells | None
    replaces: str | None = Field(default=None, description="The deleted record that came back as this one.")


class Operation(OperationSummary):
    method: str
    error: str | None = Field(description="Code of the problem that ended it; it has a page under /problems/.")
    reverted_by: list[UUID] = Field(default=[], description="The operations that undid it or a part of it.")
    details: list[OperationRecord]


class CellChange(BaseModel):
    """One cell. `conflict`: it is no longer what the operation left, so it stays unless forced."""

    field: str
    before: Any = None
    after: Any = None
    conflict: bool = False


class RecordDiff(BaseModel):
    kind: Literal["create", "update", "delete", "nothing"]
    record: str | None
    cells: list[CellChange]
    note: str | None = Field(default=None, description="For people: what stands in the way, or what is special.")


class DryRun(BaseModel):
    """What a write would do. Airtable was asked for what is there now, and for nothing else."""

    dry_run: Literal[True] = True
    changes: list[RecordDiff]
    text: str = Field(description="The same for people.")


class Revert(Sent):
    force: bool = Field(default=False, description="Overwrite what was changed since.")
    dry_run: bool = Field(default=False, description="Only say what would be done.")
    only_records: list[RecordId] = Field(
        default=[], max_length=MAX_RECORDS, description="Only these, by the id they had or by the one they have now."
    )
    only_fields: list[Name] = Field(
        default=[],
        max_length=MAX_RECORDS,
        description="Only these cells, by name or id; records are then neither created nor deleted.",
    )


class Reverted(BaseModel):
    """What undoing did, or with `dry_run` would do. Done again, it goes on where it stopped."""

    operation: UUID = Field(description="The one that was to be undone.")
    by: UUID | None = Field(description="The operation that undid it; it can be undone itself. Null: nothing was done.")
    dry_run: bool
    complete: bool = Field(description="False: there are conflicts, or a call failed; see `changes` and `problem`.")
    changes: list[RecordDiff]
    replaced: dict[str, str] = Field(description="Deleted record → the new record it came back as.")
    conflicts: int
    irrecoverable: list[str] = Field(description="What Airtable's API cannot bring back, in words.")
    problem: str | None = Field(default=None, description="Why it stopped, if it did.")
    text: str = Field(description="The same for people.")
