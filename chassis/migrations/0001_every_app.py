"""What every app has: events out and in, answers to repeat, audit entries on their way.

Written out and not taken from `_tables`, which will go on changing.
"""

from alembic import op
from sqlalchemy import BigInteger, Column, DateTime, LargeBinary, SmallInteger, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001_every_app"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "outbox",
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
    op.create_index("outbox_sequence", "outbox", ["sequence"], unique=True)
    op.create_index("outbox_unpublished", "outbox", ["id"], postgresql_where=text("published_at IS NULL"))
    op.create_index("outbox_published_at", "outbox", ["published_at"])
    op.create_table(
        "outbox_subject",
        Column("tenant", Text, primary_key=True),
        Column("subject", Text, primary_key=True),
        Column("last", BigInteger, nullable=False),
    )
    op.create_table("outbox_head", Column("last", BigInteger, nullable=False))
    op.execute("INSERT INTO outbox_head (last) VALUES (0)")
    op.create_table(
        "inbox",
        Column("event_id", Text, primary_key=True),
        Column("handler", Text, primary_key=True),
        _when("handled_at"),
    )
    op.create_index("inbox_handled_at", "inbox", ["handled_at"])
    op.create_table(
        "idempotency",
        Column("tenant", Text, primary_key=True),
        Column("route", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("request_hash", LargeBinary, nullable=False),
        Column("status", SmallInteger),
        Column("headers", JSONB),
        Column("body", LargeBinary),
        _when("created_at"),
    )
    op.create_index("idempotency_created_at", "idempotency", ["created_at"])
    op.create_table(
        "audit_outbox",
        Column("id", Uuid, primary_key=True),
        Column("entry", LargeBinary, nullable=False),
        _when("created_at"),
    )
    op.create_index("audit_outbox_created_at", "audit_outbox", ["created_at"])


def _when(name: str) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=False, server_default=text("now()"))
