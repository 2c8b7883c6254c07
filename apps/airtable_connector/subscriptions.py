"""What is heard: one function each, safe to run twice."""

from apps.airtable_connector.service import Changes
from chassis import Envelope, subscribe
from contracts.webhook_service import BaseChanged


@subscribe(BaseChanged)
async def hear_what_changed(event: BaseChanged, envelope: Envelope, changes: Changes) -> None:
    """Somebody changed a base, maybe in Airtable itself."""
    await changes.heard(event, envelope.subject_sequence or 0)
