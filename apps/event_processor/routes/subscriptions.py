"""Subscriptions that workers share: define, pull, settle, and what is parked."""

from typing import Annotated

from fastapi import Path, Query

from apps.event_processor.service import Subscriptions
from chassis import Principal, Router
from contracts.event_processor import (
    Ack,
    Nack,
    ParkedChosen,
    ParkedEvent,
    ParkedSettled,
    Pull,
    Pulled,
    Settled,
    ShortName,
    Subscription,
    SubscriptionDefinition,
)
from contracts.listing import Listing

router = Router(prefix="/api/v1/events/subscriptions", tags=["Subscriptions"])

Called = Annotated[ShortName, Path()]
After = Annotated[int, Query(ge=0, le=2**62, alias="cursor", description="`next` of the page before.")]


@router.get("", summary="List subscriptions")
async def list_subscriptions(who: Principal, subscriptions: Subscriptions) -> Listing[Subscription]:
    """All of yours, with how far they are."""
    return await subscriptions.all(who)


@router.get("/{name}", summary="Get a subscription")
async def get_subscription(name: Called, who: Principal, subscriptions: Subscriptions) -> Subscription:
    """Position, lag, what is handed out, waiting and parked. Raises UnknownSubscription (404)."""
    return await subscriptions.get(name, who)


@router.put("/{name}", audit="subscriptions.define", summary="Define a subscription")
async def define_subscription(
    name: Called, definition: SubscriptionDefinition, who: Principal, subscriptions: Subscriptions
) -> Subscription:
    """Raises TooManySubscriptions (409)."""
    return await subscriptions.put(name, definition, who)


@router.delete(
    "/{name}", status_code=204, response_model=None, audit="subscriptions.delete", summary="Delete a subscription"
)
async def delete_subscription(name: Called, who: Principal, subscriptions: Subscriptions) -> None:
    """With what is parked. Raises UnknownSubscription (404)."""
    await subscriptions.delete(name, who)


@router.post("/{name}/pull", no_audit="told by the subscription itself", summary="Take events under a lease")
async def pull(name: Called, asked: Pull, who: Principal, subscriptions: Subscriptions) -> Pulled:
    """Each goes to one caller, and to another when its lease ends unsettled. Raises UnknownSubscription (404)."""
    return await subscriptions.pull(name, asked, who)


@router.post("/{name}/ack", no_audit="told by the subscription itself", summary="Say that events are done")
async def ack(name: Called, asked: Ack, who: Principal, subscriptions: Subscriptions) -> Settled:
    """Raises UnknownSubscription (404)."""
    return await subscriptions.ack(name, asked, who)


@router.post("/{name}/nack", no_audit="told by the subscription itself", summary="Give events back, or park them")
async def nack(name: Called, asked: Nack, who: Principal, subscriptions: Subscriptions) -> Settled:
    """Raises UnknownSubscription (404)."""
    return await subscriptions.nack(name, asked, who)


@router.get("/{name}/parked", summary="List parked events")
async def list_parked(
    name: Called, who: Principal, subscriptions: Subscriptions, cursor: After = 0
) -> Listing[ParkedEvent]:
    """In order, with the reason. Raises UnknownSubscription (404)."""
    return await subscriptions.parked(name, cursor, who)


@router.post("/{name}/parked/replay", audit="subscriptions.replay-parked", summary="Have parked events tried again")
async def replay_parked(
    name: Called, chosen: ParkedChosen, who: Principal, subscriptions: Subscriptions
) -> ParkedSettled:
    """From their first try on. Raises UnknownSubscription (404)."""
    return await subscriptions.unpark(name, chosen, who)


@router.post("/{name}/parked/purge", audit="subscriptions.purge-parked", summary="Forget parked events")
async def purge_parked(
    name: Called, chosen: ParkedChosen, who: Principal, subscriptions: Subscriptions
) -> ParkedSettled:
    """The events themselves stay in the store. Raises UnknownSubscription (404)."""
    return await subscriptions.unpark(name, chosen, who, purge=True)
