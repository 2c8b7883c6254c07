"""Who relies on a schema."""

from typing import Annotated

from fastapi import Path

from apps.schema_service.routes.parameters import BaseId
from apps.schema_service.service import Consumers
from chassis import Principal, Router
from contracts.listing import Listing
from contracts.schema_service import CONSUMER, Consumer, ConsumerState, Declaration

router = Router(prefix="/api/v1/schemas/{base}/consumers", tags=["Schemas"])

Called = Annotated[str, Path(pattern=CONSUMER)]


@router.get("", summary="List consumers")
async def list_consumers(base: BaseId, who: Principal, consumers: Consumers) -> Listing[Consumer]:
    """All, by name."""
    return await consumers.listing(base, who)


@router.put("/{consumer}", summary="Declare a consumer", audit="schema.declare-consumer")
async def declare(
    base: BaseId, consumer: Called, said: Declaration, who: Principal, consumers: Consumers
) -> ConsumerState:
    """Say which version's names it uses, and what of it. Declared again, it is as declared last. Raises UnknownVersion
    (404), UnknownThing (404)."""
    return await consumers.declare(base, consumer, said, who)


@router.get("/{consumer}", summary="How a consumer fares")
async def get_consumer(base: BaseId, consumer: Called, who: Principal, consumers: Consumers) -> ConsumerState:
    """What became of what it uses, and the aliases under which its names go on. Raises UnknownConsumer (404)."""
    return await consumers.of(base, consumer, who)


@router.delete(
    "/{consumer}", summary="Forget a consumer", audit="schema.forget-consumer", status_code=204, response_model=None
)
async def forget(base: BaseId, consumer: Called, who: Principal, consumers: Consumers) -> None:
    """Raises UnknownConsumer (404)."""
    await consumers.forget(base, consumer, who)
