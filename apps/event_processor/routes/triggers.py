"""Triggers: define, try on the past, enable, disable."""

from typing import Annotated

from fastapi import Path

from apps.event_processor.service import Triggers
from chassis import Principal, Router
from contracts.event_processor import ShortName, Trigger, TriggerDefinition, TriggerTest, TriggerTested
from contracts.listing import Listing

router = Router(prefix="/api/v1/events/triggers", tags=["Triggers"])

Called = Annotated[ShortName, Path()]


@router.get("", summary="List triggers")
async def list_triggers(who: Principal, triggers: Triggers) -> Listing[Trigger]:
    """All of yours, with how often they fired."""
    return await triggers.all(who)


@router.get("/{name}", summary="Get a trigger")
async def get_trigger(name: Called, who: Principal, triggers: Triggers) -> Trigger:
    """State, what stopped it, lag. Raises UnknownTrigger (404)."""
    return await triggers.get(name, who)


@router.put("/{name}", audit="triggers.define", summary="Define a trigger")
async def define_trigger(name: Called, definition: TriggerDefinition, who: Principal, triggers: Triggers) -> Trigger:
    """Disabled until you enable it; so is one that is defined anew. Raises ForeignType (422), EndlessTrigger (422),
    TooManyTriggers (409)."""
    return await triggers.put(name, definition, who)


@router.delete("/{name}", status_code=204, response_model=None, audit="triggers.delete", summary="Delete a trigger")
async def delete_trigger(name: Called, who: Principal, triggers: Triggers) -> None:
    """What it told stays. Raises UnknownTrigger (404)."""
    await triggers.delete(name, who)


@router.post("/{name}/test", no_audit="changes nothing", summary="Try a trigger on past events")
async def test_trigger(name: Called, asked: TriggerTest, who: Principal, triggers: Triggers) -> TriggerTested:
    """What it would have told, and because of which events. Raises UnknownTrigger (404)."""
    return await triggers.test(name, asked.cursor, who)


@router.post("/{name}/enable", audit="triggers.enable", summary="Enable a trigger")
async def enable_trigger(name: Called, who: Principal, triggers: Triggers) -> Trigger:
    """For what comes from now on. Raises UnknownTrigger (404)."""
    return await triggers.enable(name, who)


@router.post("/{name}/disable", audit="triggers.disable", summary="Disable a trigger")
async def disable_trigger(name: Called, who: Principal, triggers: Triggers) -> Trigger:
    """Raises UnknownTrigger (404)."""
    return await triggers.disable(name, who)
