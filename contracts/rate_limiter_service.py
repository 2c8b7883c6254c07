"""What crosses between rate-limiter-service and who asks it."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

Priority = Literal["interactive", "sync", "backfill"]
PRIORITIES: tuple[Priority, ...] = ("interactive", "sync", "backfill")

MOST_LATE = 0.3  # seconds

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]


class Acquire(BaseModel):
    """A request for a turn at Airtable.

    `base` null: outside of any base, so only the token's limit applies. `token` names the token and is not it (a hash).
    `budget` is how many seconds the turn may be away. `late` is by how many seconds the last turn given was missed, so
    that the next one is given that much further ahead.
    """

    base: Name | None = None
    token: Name
    priority: Priority = "interactive"
    budget: float = Field(gt=0, le=600)
    late: float = Field(default=0, ge=0, le=MOST_LATE)


class Turn(BaseModel):
    """Send at `send_at` (Unix seconds by Redis' clock), which was `wait` seconds away when this was written."""

    send_at: float
    wait: float


class Clock(BaseModel):
    """Redis' time, Unix seconds: the clock that turns are told by."""

    now: float


class Penalty(BaseModel):
    """Airtable answered 429: the base takes nothing for `seconds` (null: the usual 30)."""

    base: Name
    seconds: float | None = Field(default=None, ge=0, le=300)


class Waiting(BaseModel):
    """Callers that wait for a base in this process."""

    priority: Priority
    tenant: str
    count: int


class Explanation(BaseModel):
    """Why a call to a base waits, or that it would not.

    `next_in` seconds the base has room; `held_for` seconds a penalty still runs; `sent` calls were let through in the
    last `period` seconds, of `rate`. `forecast` is when one more call of the asking tenant would have its turn.
    """

    base: str
    rate: int
    period: float
    sent: int
    next_in: float
    held_for: float
    penalties: int
    waiting: list[Waiting]
    your_share: float = Field(description="Calls a second for the asking tenant, as long as the others wait too.")
    forecast: float
    text: str


class Usage(BaseModel):
    """Calls to Airtable let through in one calendar month (UTC)."""

    month: str
    calls: int


class Arrival(BaseModel):
    """A call as it came: `at` in seconds from any beginning, `budget` how long it could wait."""

    at: float = Field(ge=0)
    base: Name
    tenant: Name = "local"
    priority: Priority = "interactive"
    budget: float = Field(default=30, gt=0, le=600)


class Rule(BaseModel):
    """A limit to try: `rate` calls of one base in any `period` seconds."""

    rate: int = Field(ge=1, le=100)
    period: float = Field(default=1.04, gt=0, le=60)


class Trial(BaseModel):
    """A rule, and the traffic to try it on; null: what was recorded of this tenant, at most the last 10,000 calls."""

    rule: Rule
    arrivals: list[Arrival] | None = Field(default=None, max_length=10_000)


class SimulatedTenant(BaseModel):
    """How one tenant would have fared; waits in seconds."""

    tenant: str
    calls: int
    refused: int
    wait_p50: float
    wait_p95: float


class Simulation(BaseModel):
    """What the rule would have done."""

    calls: int
    refused: int
    calls_per_second: float
    tenants: list[SimulatedTenant]
