"""What can go wrong."""

import math

from apps.rate_limiter_service.domain.limits import duration
from chassis import AppError


class PastBudget(AppError):
    code, status, title, fault = "limits.past-budget", 429, "The turn comes after the caller's time", "client"


class QueueFull(AppError):
    code, status, title, fault = "limits.queue-full", 429, "Too many wait for this base", "client"


class LedgerAway(AppError):
    code, status, title, fault = "limits.ledger-away", 503, "The limiter's memory is away", "platform"


def past_budget(seconds: float, ahead: int, share: float) -> PastBudget:
    """The refusal that names the second from which on there is room. `share`: calls a second of this tenant."""
    wait = max(1, math.ceil(seconds))
    return PastBudget(
        f"The turn of this request comes in {wait} s, which is later than it can wait: {ahead} calls are before it, "
        f"and your share is {share:.1f} calls a second ({duration(ahead / share)} for all of them).",
        headers={"Retry-After": str(wait)},
    )
