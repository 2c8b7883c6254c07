"""Everything that comes on any topic is kept."""

from apps.event_processor.domain import catalogue
from apps.event_processor.service import Keeper
from chassis import Arrival, listen


@listen(catalogue.topics())
async def keep(arrival: Arrival, keeper: Keeper) -> None:
    await keeper.keep(arrival)
