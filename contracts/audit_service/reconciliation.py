"""The gateway's count of requests that may change something, and its comparison with the trail.

The count is itself in the trail of the platform, as entries of the action COUNT: target is the tenant, `metadata.hour`
the hour in which the requests came, `metadata.requests` their ids by the service that must have the entry, then by
Settled.
"""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

COUNT = "requests.count"

Settled = Literal["answered", "unanswered", "exempt"]  # there is one entry; one or none; none


class Gap(BaseModel):
    """A request of which the trail has not as many entries as there must be."""

    kind: Literal["missing", "doubled", "uncounted"] = Field(
        description="missing: fewer entries than answers. doubled: more. uncounted: of somebody's request that the "
        "gateway knows nothing of, because it did not come through it, or because the gateway's machine failed."
    )
    request_id: str
    service: str
    counted: int = Field(description="Answers of the service to this request id that leave an entry each.")
    entries: int


class HourReconciled(BaseModel):
    """One tenant's requests that may change something, by the hour in which the gateway got them."""

    tenant: str
    hour: datetime
    counted: int = Field(description="Answered, so that the trail has to have an entry of each.")
    unanswered: int = Field(description="Broken off: an app or the gateway died. The trail has one entry or none.")
    exempt: int = Field(description="No entry: operations that change nothing, and answers that were given before.")
    entries: int = Field(description="What the trail has of the counted and the unanswered.")
    missing: int
    doubled: int
    uncounted: int
    gaps: list[Gap] = Field(description="At most 100 of each kind.")


class Reconciliation(BaseModel):
    """The gateway's count against the trail. Hours in which nothing happened are left out. `next`: ask again with this
    as `since`, the rest was not looked at yet."""

    ok: bool
    since: datetime
    until: datetime
    hours: list[HourReconciled]
    next: datetime | None
