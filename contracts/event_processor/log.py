"""Events as the store keeps them, and how they are read and appended."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

PAGE = 100  # events of one answer
APPENDED = 100  # events of one append
WAIT = 25  # seconds a reader may wait for what does not exist yet

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,199}$")]
EventType = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*\.v[1-9][0-9]{0,3}$")]
# PostgreSQL keeps no zero character, and asked for one it fails.
Text = Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=r"^[^\x00]+$")]


class Asked(BaseModel):
    """What a caller sends: an unknown key is a mistake to be told, not to be ignored."""

    model_config = ConfigDict(extra="forbid")


class StoredEvent(BaseModel):
    """`position` counts the store's events without a gap, `version` those of the stream, `sequence` the owner's."""

    position: int
    id: str
    stream: str = Field(description="<owner's app-id>/<subject>")
    type: str = Field(description="The newest version that what was stored can be told as.")
    stored_type: str
    version: int
    sequence: int | None = Field(description="Null for an event that was appended here.")
    time: datetime = Field(description="When it happened, by its owner.")
    stored_at: datetime
    actor: str
    correlation_id: str = Field(description="The request that began it all.")
    causation_id: str = Field(description="The request or event that led to this one.")
    trace_id: str
    data: Any


class Chosen(Asked):
    """Which events; every filter given must hold."""

    stream: Text | None = Field(default=None, description="<owner's app-id>/<subject>")
    category: Text | None = Field(default=None, description="App-id of the owner.")
    type: list[Text] = Field(default=[], max_length=50, description="Any of these; repeat the parameter.")
    correlation_id: Text | None = None
    trace_id: Text | None = None
    since: datetime | None = Field(default=None, description="Happened at or after.")
    until: datetime | None = Field(default=None, description="Happened before.")


class EventsQuery(Chosen):
    """In order of position; one stream in order of its versions."""

    direction: Literal["forwards", "backwards"] = "forwards"
    cursor: int | None = Field(
        default=None, ge=0, le=2**62, description="Go on beyond this position (of a stream: version); `next` of a page."
    )
    page_size: int = Field(default=PAGE, ge=1, le=PAGE)
    wait: float | None = Field(
        default=None,
        ge=0,
        le=WAIT,
        description="Forwards: wait so many seconds for a first event. `next` is then never null: go on from there.",
    )


class NewEvent(Asked):
    type: EventType
    data: dict[str, Any] = {}


class Append(Asked):
    """`expected_version` is the version the stream has now, 0 for one that does not exist; null: whatever it is."""

    stream: Name = Field(description="Name of a stream of your own; it is kept as event-processor/<name>.")
    expected_version: int | None = Field(default=None, ge=0, le=2**62)
    events: list[NewEvent] = Field(min_length=1, max_length=APPENDED)


class Appended(BaseModel):
    stream: str
    version: int = Field(description="Of the stream, after its last event.")
    positions: list[int]


class Quarantined(BaseModel):
    """What came as an event and is none. `raw` is what came, bytes that are no UTF-8 replaced."""

    id: int
    topic: str
    reason: str
    arrived_at: datetime
    bytes: int
    raw: str


class Judged(BaseModel):
    """What a second look at a quarantined event found."""

    stored: bool
    reason: str | None = Field(default=None, description="Why it still is none.")
