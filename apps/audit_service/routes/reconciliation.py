"""Whether the trail has what came through the door."""

from datetime import datetime
from typing import Annotated

from fastapi import Query

from apps.audit_service.service import Reconciling
from chassis import Principal, Router
from contracts.audit_service import Reconciliation, WhoseTrail

router = Router(prefix="/api/v1/audit", tags=["Audit"])

Trail = Annotated[WhoseTrail, Query(description="own: your tenant. platform: every tenant.")]


@router.get("/reconciliation", summary="Compare the gateway's count of changes with the trail")
async def reconcile(
    who: Principal,
    reconciling: Reconciling,
    since: datetime | None = None,
    until: datetime | None = None,
    trail: Trail = "own",
) -> Reconciliation:
    """Each request that may change something is counted by the gateway, before it goes on and before its answer goes
    out, and leaves one entry of the service that answered. Told by tenant and hour, with the ids of the requests whose
    entries are missing or too many. The last day if `since` is absent, at most 31 days. Without `until` the last five
    minutes are left out: entries, and the count, may still be on their way. After 8 seconds it says in `next` where to
    go on."""
    return await reconciling.reconcile(since, until, trail, who)
