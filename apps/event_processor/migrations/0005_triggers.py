"""Triggers: what they are, and how far they are."""

from alembic import op
from sqlalchemy import BigInteger, Column, DateTime, LargeBinary, Text, text

revision = "0005_triggers"
down_revision = "0004_subscriptions"


def upgrade() -> None:
    op.create_table(
        "triggers",
        Column("tenant", Text, primary_key=True),
        Column("name", Text, primary_key=True),
        Column("definition", LargeBinary, nullable=False),
        Column("state", Text, nullable=False, server_default=text("'disabled'")),
        Column("position", BigInteger, nullable=False, server_default=text("0")),
        Column("fired", BigInteger, nullable=False, server_default=text("0")),
        Column("problem", Text),
        Column("updated_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    )
