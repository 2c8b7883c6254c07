"""What is heard: one function each, safe to run twice."""

from datetime import datetime

from apps.analytics_service.domain import changes
from apps.analytics_service.store import ChangeStore
from chassis import Change, Envelope, subscribe
from contracts.schema_service import SchemaChanged


@subscribe(SchemaChanged)
async def note_a_schema(event: SchemaChanged, envelope: Envelope, change: Change, store: ChangeStore) -> None:
    """A base's schema changed."""
    await store.add(change, [changes.of_a_schema(event, datetime.fromisoformat(envelope.time), change.tenant)])
