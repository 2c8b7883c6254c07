"""How long events are kept."""

from typing import Annotated

from fastapi import Path

from apps.event_processor.service import Rules
from chassis import Principal, Router
from contracts.event_processor import Retention, RetentionRule, ShortName
from contracts.listing import Listing

router = Router(prefix="/api/v1/events/retention", tags=["Retention"])

Called = Annotated[ShortName, Path()]


@router.get("", summary="List rules of retention")
async def list_retention(who: Principal, rules: Rules) -> Listing[Retention]:
    """With how many events each has dropped."""
    return await rules.all(who)


@router.put("/{name}", audit="retention.define", summary="Limit the age or the number of events")
async def define_retention(name: Called, rule: RetentionRule, who: Principal, rules: Rules) -> Retention:
    """Within a minute, what is beyond the limit is gone for good. Raises TooManyRules (409)."""
    return await rules.put(name, rule, who)


@router.delete(
    "/{name}", status_code=204, response_model=None, audit="retention.delete", summary="Delete a rule of retention"
)
async def delete_retention(name: Called, who: Principal, rules: Rules) -> None:
    """What it dropped stays dropped. Raises UnknownRule (404)."""
    await rules.delete(name, who)
