"""An entry of the audit trail, the exact bytes it is kept as, and the receipt for it."""

from typing import Annotated, Any, Literal
from uuid import UUID, uuid5

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

MAX_LINES = 200  # entries of one call
MAX_BATCH_BYTES = 1024 * 1024
MAX_ENTRY_BYTES = 64 * 1024
MAX_DEPTH = 32

NAMESPACE = UUID("6e1d8a52-9a0c-5a75-8b0e-2f4c1c0d7a11")  # of the ids of entries; any UUID, never another one

Outcome = Literal["succeeded", "denied", "failed", "unknown"]

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
Code = Annotated[str, StringConstraints(max_length=100, pattern=r"^[a-z0-9]+([-._][a-z0-9]+)*$")]
Moment = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")]


def _without_floats(value: Any, levels: int = MAX_DEPTH) -> Any:
    """Two programs write one float in two ways, so there is none in what is hashed; write it as text."""
    if not levels:
        raise ValueError(f"is nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, float):
        raise ValueError("holds a number with a fraction, or one of more than 64 bits; write it as text")
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _without_floats(each, levels - 1)
    return value


Metadata = Annotated[dict[str, Any], AfterValidator(lambda value: _without_floats(value))]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Actor(Part):
    """Who did it. `acting_for`: the user for whom an agent did."""

    type: Literal["user", "agent", "service", "anonymous"]
    id: Name
    acting_for: Name | None = None


class Target(Part):
    """What it was done to: a record, a table, a member …"""

    type: Code
    id: Name


class Context(Part):
    """How it was asked. `route` is the template (`/api/v1/bases/{base}/tables`), never the address with its values.

    `count`: so many like requests stand behind this one entry.
    """

    method: Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,20}$")]
    route: Text
    address: Name | None = None
    user_agent: Text | None = None
    count: int | None = Field(default=None, ge=1)


class Entry(Part):
    """One thing that was done, refused or tried.

    `id` is `entry_id(request_id, action, attempt)`, so that an entry sent twice is one. `service` is the app that
    decided, and the only one that may send it. `code` and `detail` are the problem's, where it ended with one.
    """

    id: Annotated[UUID, Field(strict=False)]
    version: Literal[1] = 1
    tenant: Name
    occurred_at: Moment
    action: Code
    outcome: Outcome
    actor: Actor
    service: Annotated[str, StringConstraints(max_length=63, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    targets: list[Target] = Field(default=[], max_length=1_000)
    request_id: Name
    trace_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    code: Code | None = None
    detail: Text | None = None
    context: Context
    metadata: Metadata = {}


def canonical(entry: Entry) -> bytes:
    """The bytes that are hashed: UTF-8 JSON, keys sorted, no spaces, no floats; what is absent is left out."""
    return orjson.dumps(entry.model_dump(mode="json", exclude_none=True), option=orjson.OPT_SORT_KEYS)


def entry_id(request_id: str, action: str, attempt: str) -> UUID:
    """The same for the same request and action, however often it is told.

    `attempt` is the span of the app's part in the request: a client may send one request id twice, and mean two things.
    """
    return uuid5(NAMESPACE, f"{request_id} {action}/{attempt}")


class Receipt(BaseModel):
    """The entry is durable: the tenant's chain has it at `index` (from 0), where the chain's hash is `hash` (hex)."""

    id: UUID
    index: int
    hash: str


class Refusal(BaseModel):
    """The entry was not taken and never will be as it is. `id` is null where none could be read."""

    id: UUID | None
    code: Literal["invalid", "not-canonical", "too-large", "wrong-service"]
    detail: str


class Receipts(BaseModel):
    """One for each line, in their order."""

    receipts: list[Receipt | Refusal]
