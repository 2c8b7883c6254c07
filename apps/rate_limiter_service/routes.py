"""/acquire and /penalties for apps, /api/v1/limits for people."""

from typing import Annotated

from fastapi import Query

from apps.rate_limiter_service.service import Governor
from chassis import Principal, Router
from contracts.rate_limiter_service import Acquire, Clock, Explanation, Penalty, Simulation, Trial, Turn, Usage

router = Router(tags=["rate-limiter-service"])

Base = Annotated[str, Query(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]
Month = Annotated[str | None, Query(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]


@router.post("/acquire", no_audit="gives a turn in a queue, changes no data")
async def acquire(ask: Acquire, who: Principal, governor: Governor) -> Turn:
    """A turn at Airtable. Raises PastBudget and QueueFull (429), LedgerAway (503)."""
    return await governor.acquire(ask, who.tenant)


@router.get("/clock")
async def clock(governor: Governor) -> Clock:
    """The clock that turns are told by. Raises LedgerAway (503)."""
    return Clock(now=await governor.now())


@router.post(
    "/penalties", status_code=204, response_model=None, no_audit="notes Airtable's own refusal, changes no data"
)
async def penalise(penalty: Penalty, governor: Governor) -> None:
    """Airtable answered 429: the base is held. Raises LedgerAway (503)."""
    await governor.penalise(penalty)


@router.get("/api/v1/limits/explain")
async def explain(base: Base, who: Principal, governor: Governor) -> Explanation:
    """Why a call to a base waits, and when one more would be sent."""
    return await governor.explain(base, who.tenant)


@router.get("/api/v1/limits/usage")
async def usage(who: Principal, governor: Governor, month: Month = None) -> Usage:
    """Calls to Airtable in a month (`2026-11`, UTC), this one if absent: what Airtable's plans count."""
    return await governor.usage(who.tenant, month)


@router.post("/api/v1/limits/simulate", no_audit="changes nothing")
async def simulate(trial: Trial, who: Principal, governor: Governor) -> Simulation:
    """What another limit would have done to the traffic that was seen, or that is given."""
    return await governor.simulate(trial, who.tenant)
