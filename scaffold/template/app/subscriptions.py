"""What happens after a base was remembered."""

from apps.example_service.domain import UnknownBase
from apps.example_service.service import Bases
from chassis import Drop, Principal, subscribe
from contracts.example_service import BaseRemembered


@subscribe(BaseRemembered)
async def measure_base(event: BaseRemembered, who: Principal, bases: Bases) -> None:
    try:
        await bases.measure(event.base, who)
    except UnknownBase as unknown:
        raise Drop(unknown.detail) from None  # asking again would be answered the same
