"""Audit entries that wait for how an effect outside ended, and those that audit-service refused."""

from alembic import op
from sqlalchemy import Column, DateTime, Text, text
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003_audit"
down_revision = "0002_complete"


def upgrade() -> None:
    op.add_column("audit_outbox", Column("held_until", DateTime(timezone=True)))
    op.add_column("audit_outbox", Column("claim", JSONB))
    op.add_column("audit_outbox", Column("refused", Text))
    op.create_index(
        "audit_outbox_held", "audit_outbox", ["held_until"], postgresql_where=text("held_until IS NOT NULL")
    )
