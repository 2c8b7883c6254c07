"""Subscriptions that workers share: each event goes to one of them, and again until one says that it is done."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from contracts.event_processor.log import WAIT, Asked, Chosen, StoredEvent, Text

PULLED = 100  # events of one pull
OUTSTANDING = 10_000  # handed out, waiting or parked; a subscription with as many takes no new ones
SUBSCRIPTIONS = 50  # of one tenant

Receipt = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,17}\.[1-9][0-9]{0,3}$")]
Position = Annotated[int, Field(ge=1, le=2**62)]


class SubscriptionDefinition(Asked):
    """Other events apply to what it has not read yet. There is no order among workers, and an event may come twice."""

    events: Chosen = Chosen()
    after: int | None = Field(
        default=None,
        ge=0,
        le=2**62,
        description="A new one begins beyond this position, 0: with all; null: with what comes.",
    )
    lease_seconds: int = Field(default=30, ge=1, le=3_600, description="Then an event goes to another worker.")
    max_tries: int = Field(default=10, ge=1, le=1_000, description="Then an event is parked.")


class Subscription(BaseModel):
    """`lag`: events of the tenant that it has not looked at yet."""

    name: str
    definition: SubscriptionDefinition
    position: int = Field(description="It has read the log up to here.")
    lag: int
    waiting: int = Field(description="To be tried again.")
    leased: int = Field(description="Handed out to workers.")
    parked: int
    updated_at: datetime


class Pull(Asked):
    most: int = Field(default=10, ge=1, le=PULLED)
    wait: float = Field(default=0, ge=0, le=WAIT, description="Seconds to wait for a first event.")


class Delivered(BaseModel):
    receipt: str = Field(description="For ack and nack.")
    attempt: int
    until: datetime = Field(description="The lease's end.")
    event: StoredEvent


class Pulled(BaseModel):
    deliveries: list[Delivered]


class Ack(Asked):
    receipts: list[Receipt] = Field(min_length=1, max_length=PULLED)


class Nack(Ack):
    """Tried again after `after_seconds`, by any worker; parked at once, or when its tries are used up."""

    park: bool = False
    after_seconds: int = Field(default=0, ge=0, le=86_400)
    reason: Text | None = None


class Settled(BaseModel):
    settled: int
    late: list[str] = Field(description="Settled before, or handed to another worker when the lease was over.")


class ParkedEvent(BaseModel):
    """Its tries are used up, or a worker gave it up."""

    attempt: int
    reason: str
    parked_at: datetime
    event: StoredEvent


class ParkedChosen(Asked):
    positions: list[Position] = Field(
        default=[], max_length=PULLED, description="Of the events; none: all that are parked."
    )


class ParkedSettled(BaseModel):
    events: int
