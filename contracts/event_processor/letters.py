"""Dead letters: events that an app gave up, with the reasons it told."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from contracts.event_processor.log import Asked, Text

AT_ONCE = 100  # letters that one request replays


class LetterReason(BaseModel):
    handler: str
    attempt: int
    problem: str
    at: datetime


class DeadLetter(BaseModel):
    """`reasons` is empty as long as the consumer has told none: it was not there to tell."""

    id: int
    consumer: str = Field(description="App-id of who gave it up.")
    state: Literal["open", "replayed"]
    event: str = Field(description="Id of the event; empty where it could not be read.")
    type: str
    subject: str
    arrived_at: datetime
    replays: int = Field(description="How often it was brought again, by people or by itself.")
    replays_itself: bool = Field(description="Its reasons will pass, and it has tries left.")
    reasons: list[LetterReason]


class DeadLetterWhole(DeadLetter):
    raw: str = Field(description="What came, bytes that are no UTF-8 replaced.")


class LettersChosen(Asked):
    """Which dead letters; every filter given must hold."""

    consumer: Text | None = None
    type: Text | None = None
    event: Text | None = None
    state: Literal["open", "replayed"] | None = None
    before: datetime | None = Field(default=None, description="Arrived before.")


class LettersQuery(LettersChosen):
    cursor: int | None = Field(default=None, ge=1, le=2**62, description="`next` of the page before.")
    page_size: int = Field(default=50, ge=1, le=100)


class LetterReplay(BaseModel):
    """done: its handlers have handled it. again: not now, says the consumer. refused: never, says the consumer."""

    id: int
    outcome: Literal["done", "again", "refused", "unreachable"]


class LettersReplayed(BaseModel):
    """At most 100 of one request, the oldest first; send it again for the next."""

    letters: list[LetterReplay]
    left: int = Field(description="Open ones that were chosen and are still open.")


class LettersPurged(BaseModel):
    purged: int
