"""Every event of the platform, in one order; and what came as an event and is none."""

from alembic import op
from sqlalchemy import BigInteger, Column, DateTime, Identity, LargeBinary, Text, UniqueConstraint, text

revision = "0001_events"
down_revision = None


def upgrade() -> None:
    op.create_table("event_head", Column("last", BigInteger, nullable=False))
    op.execute("INSERT INTO event_head (last) VALUES (0)")
    op.create_table(
        "events",
        Column("position", BigInteger, primary_key=True, autoincrement=False),
        Column("tenant", Text, nullable=False),
        Column("source", Text, nullable=False),
        Column("id", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("type", Text, nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("sequence", BigInteger),
        Column("time", DateTime(timezone=True), nullable=False),
        Column("stored_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
        Column("actor", Text, nullable=False),
        Column("correlation_id", Text, nullable=False),
        Column("causation_id", Text, nullable=False),
        Column("trace_id", Text, nullable=False),
        Column("traceparent", Text),
        Column("data", LargeBinary, nullable=False),
        UniqueConstraint("tenant", "source", "id", name="events_identity"),
    )
    op.create_index("events_tenant", "events", ["tenant", "position"])
    op.create_index("events_stream", "events", ["tenant", "source", "subject", "version"])
    op.create_index("events_source", "events", ["tenant", "source", "position"])
    op.create_index("events_type", "events", ["tenant", "type", "position"])
    op.create_index("events_correlation", "events", ["tenant", "correlation_id", "position"])
    op.create_index("events_trace", "events", ["tenant", "trace_id", "position"])
    op.create_index("events_id", "events", ["tenant", "id"])
    op.create_table(
        "quarantine",
        Column("id", BigInteger, Identity(), primary_key=True),
        Column("digest", LargeBinary, nullable=False, unique=True),
        Column("tenant", Text, nullable=False),
        Column("topic", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("raw", LargeBinary, nullable=False),
        Column("arrived_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    )
    op.create_index("quarantine_newest", "quarantine", ["tenant", text("id DESC")])
