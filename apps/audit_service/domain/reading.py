"""Whose trail somebody may read."""

from dataclasses import replace

from apps.audit_service.domain.errors import NotYours
from chassis import Principal
from contracts.audit_service import WhoseTrail

PLATFORM = "platform"  # the tenant of what the platform does on its own, and of callers that nobody knows
SCOPES = {"*", "audit.platform"}  # either opens the platform's trail


def reader(who: Principal, trail: WhoseTrail) -> Principal:
    """`who`, as a reader of that trail. Raises NotYours."""
    if trail == "own":
        return who
    if not SCOPES & set(who.scopes):
        raise NotYours("Reading the platform's own trail takes the scope audit.platform.")
    return replace(who, tenant=PLATFORM)
