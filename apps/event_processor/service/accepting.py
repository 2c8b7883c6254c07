"""From an envelope of the bus to an entry of the store."""

import orjson

from apps.event_processor.domain.entries import Entry, Invalid, check, moment
from chassis import Envelope


def accept(came: Envelope) -> Entry:
    """The entry for what came on the bus or was handed over. Raises Invalid."""
    check(came.type, came.source, came.data)
    if came.sequence is None or came.subject_sequence is None:
        raise Invalid("it has no sequence or no subjectsequence, so its place is not known")
    if "\0" in came.id + came.tenant + came.subject + came.actor + came.correlation_id + came.causation_id:
        raise Invalid("a zero character is in its id, tenant, subject, actor, correlationid or causationid")
    return Entry(
        tenant=came.tenant,
        source=came.source,
        id=came.id,
        subject=came.subject,
        type=came.type,
        version=came.subject_sequence,
        sequence=came.sequence,
        time=moment(came.time),
        actor=came.actor,
        correlation_id=came.correlation_id,
        causation_id=came.causation_id,
        traceparent=came.traceparent,
        data=orjson.dumps(came.data),
    )
