"""Rows of the journal of writes, as plain values."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(slots=True)
class OperationRow:
    """One write request."""

    id: UUID
    tenant: str
    actor: str
    request_id: str
    trace_id: str
    action: str
    method: str
    base: str
    table: str
    fields_by_id: bool
    connection: str = ""
    state: str = "intended"
    merge_on: list[str] = field(default_factory=list)
    single: bool = False
    asked: int | None = None
    process: str = ""
    error: str | None = None
    reverts: UUID | None = None
    tries: int = 0
    created_at: datetime | None = None


@dataclass(slots=True)
class RecordRow:
    """One record of it. `sent` are cells as the caller wrote them, `before` and `after` all cells that were not empty.

    `kind` is create, update, replace or delete; upsert as long as it is not known which of the first two it became.
    """

    position: int
    call: int
    kind: str
    record: str | None
    state: str = "intended"
    sent: dict[str, Any] | None = None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    replaces: str | None = None
    created: str | None = None
    sent_at: datetime | None = None
