"""Triggers: when an event is so, another event is told."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from contracts.event_processor.log import Asked, Chosen, EventType, Name
from contracts.event_processor.projections import Pointer

TRIGGERS = 50  # of one tenant
TESTED = 500  # events of one test
CHAIN = 5  # events that triggers made of one another; then the one that would go on is stopped

Key = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class Condition(Asked):
    """Compares what stands at `at` in the event. Where nothing stands, only `exists` false and `ne` hold.

    lt, le, gt, ge: of numbers, or of texts. in: `value` is a list that has it. contains: it is a text or a list that
    has `value`.
    """

    at: Pointer
    op: Literal["eq", "ne", "lt", "le", "gt", "ge", "in", "contains", "exists"] = "eq"
    value: Any = True


class Emission(Asked):
    """`data` as it stands here, and beside it what stands at each pointer of `taken` in the event that led to it."""

    type: EventType
    stream: Name = Field(description="Kept as event-processor/<name>.")
    data: dict[Key, Any] = Field(default={}, max_length=50)
    taken: dict[Key, Pointer] = Field(default={}, max_length=50)


class TriggerDefinition(Asked):
    """The chosen events for which every condition holds."""

    events: Chosen
    when: list[Condition] = Field(default=[], max_length=20)
    emit: Emission


class Trigger(BaseModel):
    """`lag`: events of the tenant that it has yet to look at. What happens while it is disabled it never looks at."""

    name: str
    definition: TriggerDefinition
    state: Literal["disabled", "enabled", "failed"]
    position: int
    lag: int
    fired: int = Field(description="Since it was enabled for the first time.")
    problem: str | None
    updated_at: datetime


class TriggerTest(Asked):
    cursor: int = Field(default=0, ge=0, le=2**62, description="`next` of the test before; 0: the whole log.")


class Firing(BaseModel):
    position: int = Field(description="Of the event that would have led to it.")
    event: str
    stream: str
    type: str
    data: dict[str, Any]


class TriggerTested(BaseModel):
    """What would have been told because of at most 500 chosen events of the past. Nothing was."""

    looked_at: int
    fires: list[Firing]
    next: int | None = Field(description="Give it as `cursor` to go on; null: that was all.")
