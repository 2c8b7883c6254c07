"""Bringing stored events to one consumer again."""

from pydantic import BaseModel, Field

from contracts.event_processor.log import Asked, Chosen
from contracts.event_processor.projections import ShortName

REPLAYED = 500  # events of one request


class Replay(Asked):
    """Handlers that handled an event within the last 7 days do not run again: replaying twice is safe."""

    consumer: ShortName = Field(description="App-id of who gets them.")
    events: Chosen = Chosen()
    cursor: int = Field(default=0, ge=0, le=2**62, description="`next` of the request before.")
    dry_run: bool = Field(default=False, description="Only say how many it would be.")
    rate: float = Field(default=50, ge=1, le=500, description="Events a second at most.")


class Replayed(BaseModel):
    """What became of at most 500 events, or of as many as 20 seconds were enough for.

    skipped: of topics that the consumer does not subscribe to, or appended here, which no app hears.
    """

    dry_run: bool
    done: int
    again: int = Field(description="Not now, said the consumer.")
    refused: int = Field(description="Never, said the consumer; it has told why in its event-failed.")
    skipped: int
    next: int | None = Field(description="Give it as `cursor` to go on; null: that was all.")
