"""How long events are kept, and what is left of those that were dropped."""

from alembic import op
from sqlalchemy import BigInteger, Column, DateTime, LargeBinary, Text, text

revision = "0007_retention"
down_revision = "0006_letter_claims"


def upgrade() -> None:
    op.create_table(
        "retention",
        Column("tenant", Text, primary_key=True),
        Column("name", Text, primary_key=True),
        Column("rule", LargeBinary, nullable=False),
        Column("dropped", BigInteger, nullable=False, server_default=text("0")),
        Column("updated_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    )
    op.create_table(
        "tombstones",
        Column("tenant", Text, primary_key=True),
        Column("source", Text, primary_key=True),
        Column("subject", Text, primary_key=True),
        Column("dropped", BigInteger, nullable=False),
        Column("version", BigInteger, nullable=False),
    )
