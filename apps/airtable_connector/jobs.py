"""What runs on a period."""

from apps.airtable_connector.service import Resolver
from chassis import Principal, job


@job("@every 5s")
async def find_lost_answers(resolver: Resolver, myself: Principal) -> None:
    """See what became of writes whose answer never came, or whose process died before it could write it down."""
    await resolver.resolve_all(myself)
