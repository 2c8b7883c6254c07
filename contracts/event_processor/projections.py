"""Projections: a small table that the store keeps up to date from its events, and can make again from them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from contracts.event_processor.log import Asked, Chosen

ROWS = 100  # of one page
KEYS = 100_000  # of one projection
PROJECTIONS = 50  # of one tenant

ShortName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
# RFC 6901, into the event as the store tells it: /stream, /actor, /data/values/Status
Pointer = Annotated[str, StringConstraints(pattern=r"^(/([^~/]|~[01])*)+$", max_length=400)]


class Column(Asked):
    """count: events (with `of`: those that have it). sum, min, max: of numbers. first, latest: any value."""

    op: Literal["count", "sum", "min", "max", "first", "latest"]
    of: Pointer | None = None


class ProjectionDefinition(Asked):
    """A row for each value at `key` among the chosen events; events without one are left out."""

    events: Chosen = Chosen()
    key: Pointer = "/stream"
    columns: dict[ShortName, Column] = Field(min_length=1, max_length=20)


class Projection(BaseModel):
    """`lag`: events of the tenant that it has not looked at yet."""

    name: str
    definition: ProjectionDefinition
    state: Literal["running", "paused", "failed"]
    position: int = Field(description="It has seen the log up to here.")
    lag: int
    keys: int
    problem: str | None
    updated_at: datetime


class ProjectionRow(BaseModel):
    key: str
    columns: dict[str, Any]


class ProjectionCheck(BaseModel):
    """The live rows against rows made anew from the log, both at `position`: SHA-256 over keys and bytes."""

    position: int
    keys: int
    live: str
    rebuilt: str
    equal: bool
    dropped: int = Field(description="Events of its streams that are gone by a rule of retention.")
