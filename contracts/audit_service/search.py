"""Looking for entries, and what is told of them."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork

from contracts.audit_service.entries import Outcome

WhoseTrail = Literal["own", "platform"]
TRAIL = "own: your tenant's. platform: what it did on its own, and what was refused to callers that nobody knows."


class Filter(BaseModel):
    """Every filter given must hold."""

    model_config = ConfigDict(extra="forbid")

    action: str | None = Field(default=None, description="record.update, or record.* for all that begin so.")
    outcome: Outcome | None = None
    actor: str | None = Field(default=None, description="Who did it, or for whom an agent did.")
    target: str | None = Field(
        default=None, pattern="^[^:]+:.+$", description="type:id, such as record:recXXXXXXXXXXXXXX."
    )
    service: str | None = None
    request_id: str | None = None
    trace_id: str | None = None
    since: datetime | None = Field(default=None, description="Occurred at or after.")
    until: datetime | None = Field(default=None, description="Occurred before.")
    address: IPvAnyNetwork | None = Field(
        default=None, description="It was asked from: 192.0.2.7, or 192.0.2.0/24 for a network."
    )
    text: str | None = Field(default=None, max_length=200, description="Words, as a web search takes them.")
    flawed: bool | None = Field(default=None, description="true: only what does not fit its action's schema.")


class EntriesPage(BaseModel):
    """Newest first, in the order of the chain."""

    model_config = ConfigDict(extra="forbid")

    trail: WhoseTrail = Field(default="own", description=TRAIL)
    page_size: int = Field(default=50, ge=1, le=100)
    cursor: int | None = Field(default=None, ge=0, description="`next` of the page before.")


class EntriesQuery(Filter, EntriesPage):
    """What to look for, and how much of it."""


class SavedSearch(BaseModel):
    """What a tenant looks for again and again."""

    name: str
    filter: Filter
    set_by: str
    set_at: datetime


class TrailEntry(BaseModel):
    """An entry with its place in the chain. `entry` is what was handed in; null when it is past its retention."""

    index: int
    id: UUID
    hash: str
    received_at: datetime
    entry: dict[str, Any] | None
    schema_version: int | None
    flaws: list[str]


class Access(BaseModel):
    """What one actor did with a target, by action and outcome."""

    actor_type: str
    actor: str
    acting_for: str | None
    action: str
    outcome: Outcome
    service: str
    times: int
    first_at: datetime
    last_at: datetime


class AccessReport(BaseModel):
    """Who read or changed a target, those who did last first."""

    target: str
    items: list[Access]


ExportFormat = Literal["csv", "ndjson", "bundle"]


class NewExport(BaseModel):
    """`bundle`: all entries with chain, checkpoints and key, for the offline verifier; it takes no filter."""

    format: ExportFormat
    filter: Filter = Filter()


class Export(BaseModel):
    """A file being made. `done` of about `total` entries; GET …/content?part=0 … parts-1 are its bytes."""

    id: UUID
    format: ExportFormat
    filter: Filter
    state: Literal["waiting", "working", "done", "failed"]
    total: int
    done: int
    bytes: int
    parts: int
    problem: str | None
    asked_by: str
    created_at: datetime


class Retention(BaseModel):
    """How long the bytes of entries are kept; null: for ever. Their hashes stay, and so do all proofs."""

    days: int | None = Field(ge=30, le=36_500)
