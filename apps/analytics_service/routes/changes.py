"""/api/v1/changes: what became different, and when."""

from typing import Annotated

from fastapi import Query

from apps.analytics_service.service import Changes
from chassis import Principal, Router
from contracts.analytics_service import ChangesQuery, PlatformChange
from contracts.listing import Listing

router = Router(prefix="/api/v1", tags=["Changes"])


@router.get("/changes", summary="What changed")
async def list_changes(
    asked: Annotated[ChangesQuery, Query()], who: Principal, changes: Changes
) -> Listing[PlatformChange]:
    """Starts of processes, other versions and settings, and schemas that changed; of 24 hours, told last first. Names
    and times alone: no value of a setting is known here."""
    return await changes.page(asked, who)
