"""Projections: what they are, how far they are, and their rows."""

from alembic import op
from sqlalchemy import BigInteger, Column, DateTime, ForeignKeyConstraint, LargeBinary, Text, text

revision = "0003_projections"
down_revision = "0002_dead_letters"


def upgrade() -> None:
    op.create_table(
        "projections",
        Column("tenant", Text, primary_key=True),
        Column("name", Text, primary_key=True),
        Column("definition", LargeBinary, nullable=False),
        Column("state", Text, nullable=False, server_default=text("'running'")),
        Column("position", BigInteger, nullable=False, server_default=text("0")),
        Column("keys", BigInteger, nullable=False, server_default=text("0")),
        Column("problem", Text),
        Column("updated_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    )
    op.create_table(
        "projection_rows",
        Column("tenant", Text, primary_key=True),
        Column("name", Text, primary_key=True),
        Column("key", Text(collation="C"), primary_key=True),
        Column("row", LargeBinary, nullable=False),
        ForeignKeyConstraint(["tenant", "name"], ["projections.tenant", "projections.name"], ondelete="CASCADE"),
    )
