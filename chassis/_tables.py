"""The tables every app's database has, made by `chassis/migrations` and used by the chassis' own parts."""

from sqlalchemy import BigInteger, Column, DateTime, Index, LargeBinary, MetaData, SmallInteger, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()


def _when(name: str) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=False, server_default=text("now()"))


# Events, written with the change they tell of. `id` is a UUIDv7; `envelope` is the CloudEvent as JSON; `sequence` is
# given by the relay, gapless over the app; `subject_sequence` by the change, gapless over the subject.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    Column("subject", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("sequence", BigInteger),
    Column("subject_sequence", BigInteger, nullable=False),
    _when("created_at"),
    Column("published_at", DateTime(timezone=True)),
)
Index("outbox_sequence", outbox.c.sequence, unique=True)
Index("outbox_unpublished", outbox.c.id, postgresql_where=outbox.c.published_at.is_(None))
Index("outbox_published_at", outbox.c.published_at)

# The last `subject_sequence` of each subject: rows of the outbox are deleted, numbers must go on.
outbox_subject = Table(
    "outbox_subject",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("last", BigInteger, nullable=False),
)

# The last `sequence` given, in the only row.
outbox_head = Table("outbox_head", metadata, Column("last", BigInteger, nullable=False))

# Events handled, written with the handler's effects.
inbox = Table(
    "inbox",
    metadata,
    Column("event_id", Text, primary_key=True),
    Column("handler", Text, primary_key=True),
    _when("handled_at"),
)
Index("inbox_handled_at", inbox.c.handled_at)

# Answers to requests with an Idempotency-Key, sealed, with their effect; no status yet: the request is under way.
idempotency = Table(
    "idempotency",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("route", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    Column("status", SmallInteger),
    Column("headers", JSONB),
    Column("body", LargeBinary),  # of older code
    Column("sealed", LargeBinary),
    _when("created_at"),
)
Index("idempotency_created_at", idempotency.c.created_at)

# Audit entries on their way to audit-service: exact canonical bytes, deleted when it has answered with a receipt.
# `held_until`: the effect it tells of is outside and not settled; from then on it is looked for. `claim` is the
# idempotency key that waits with it. `refused`: audit-service will never take it; kept for people to look at.
audit_outbox = Table(
    "audit_outbox",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("entry", LargeBinary, nullable=False),
    _when("created_at"),
    Column("held_until", DateTime(timezone=True)),
    Column("claim", JSONB),
    Column("refused", Text),
)
Index("audit_outbox_created_at", audit_outbox.c.created_at)
Index("audit_outbox_held", audit_outbox.c.held_until, postgresql_where=audit_outbox.c.held_until.is_not(None))
