"""What is heard: one function each, safe to run twice."""

from apps.airtable_connector.service import Changes
from chassis import subscribe
from contracts.webhook_service import BaseChanged


@subscribe(BaseChanged)
async def forget_what_changed(event: BaseChanged, changes: Changes) -> None:
    """Somebody changed a base, maybe in Airtable itself."""
    await changes.heard(event)
