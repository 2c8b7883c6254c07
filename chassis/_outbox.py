"""Events leave with the change they tell of: rows in the same transaction, published once it is committed."""

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import insert, text

from ._context import Context, current_or_none
from ._events import MAX_BYTES, Event, check, envelope, owner
from ._tables import outbox
from ._uuid7 import uuid7

if TYPE_CHECKING:
    from ._change import Change

# In order of the subjects, so that two changes about the same ones wait for each other and never both ways.
_COUNT = text("""
    INSERT INTO outbox_subject (tenant, subject, last)
    SELECT :tenant, subject, events
    FROM unnest(CAST(:subjects AS text[]), CAST(:counts AS bigint[])) AS wanted (subject, events)
    ORDER BY subject
    ON CONFLICT (tenant, subject) DO UPDATE SET last = outbox_subject.last + excluded.last
    RETURNING subject, last
""")


@dataclass(frozen=True, slots=True)
class _Pending:
    event: Event
    subject: str
    data: bytes
    context: Context | None


def publish(change: "Change", event: Event, pending: list[_Pending], app_id: str) -> None:
    """Add `event` to what `change` sends; with the first one, ask `change` to write them all.

    Raises TypeError for a class that is no event or belongs to another app, ValueError for one that is too large.
    """
    check(event)
    if owner(event.TOPIC) != app_id:
        raise TypeError(f"{app_id} cannot publish {event.TOPIC}: that is {owner(event.TOPIC)}'s")
    data = event.model_dump_json().encode()
    if len(data) > MAX_BYTES:
        raise ValueError(f"{event.TYPE} has {len(data)} bytes, {MAX_BYTES} is the end: tell where the rest is")
    if not pending:
        change.before_commit(partial(_write, change, pending))
    pending.append(_Pending(event, event.subject, data, current_or_none()))


async def _write(change: "Change", pending: list[_Pending]) -> None:
    """One row each, numbered by subject. The last thing in the transaction: what is locked here is locked shortly."""
    counts = Counter(each.subject for each in pending)
    subjects = {"tenant": change.tenant, "subjects": list(counts), "counts": list(counts.values())}
    last = {row.subject: row.last for row in await change.execute(_COUNT, subjects)}
    next_number = {subject: last[subject] - count + 1 for subject, count in counts.items()}
    rows = []
    for each in pending:
        number, id = next_number[each.subject], uuid7()
        next_number[each.subject] += 1
        content = envelope(
            each.event, each.data, id=id, who=change.who, context=each.context, subject_sequence=number
        )  # fmt: skip
        rows.append({
            "id": id,
            "topic": each.event.TOPIC,
            "envelope": content,
            "subject": each.subject,
            "tenant": change.tenant,
            "subject_sequence": number,
        })  # fmt: skip
    await change.execute(insert(outbox), rows)
