"""Shared subscriptions: how far they are, and the events that are handed out, waiting or parked."""

from alembic import op
from sqlalchemy import BigInteger, Column, DateTime, ForeignKeyConstraint, LargeBinary, SmallInteger, Text, text

revision = "0004_subscriptions"
down_revision = "0003_projections"


def upgrade() -> None:
    op.create_table(
        "subscriptions",
        Column("tenant", Text, primary_key=True),
        Column("name", Text, primary_key=True),
        Column("definition", LargeBinary, nullable=False),
        Column("position", BigInteger, nullable=False),
        Column("updated_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    )
    op.create_table(
        "outstanding",
        Column("tenant", Text, primary_key=True),
        Column("name", Text, primary_key=True),
        Column("position", BigInteger, primary_key=True),
        Column("state", Text, nullable=False),
        Column("attempt", SmallInteger, nullable=False),
        Column("due", DateTime(timezone=True), nullable=False),
        Column("reason", Text, nullable=False, server_default=text("''")),
        ForeignKeyConstraint(["tenant", "name"], ["subscriptions.tenant", "subscriptions.name"], ondelete="CASCADE"),
    )
    op.create_index("outstanding_due", "outstanding", ["tenant", "name", "due"])
    op.create_index("outstanding_position", "outstanding", ["tenant", "position"])
