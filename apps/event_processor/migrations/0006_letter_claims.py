"""A dead letter belongs to who is bringing it, for as long as that may take."""

from alembic import op
from sqlalchemy import Column, DateTime

revision = "0006_letter_claims"
down_revision = "0005_triggers"


def upgrade() -> None:
    op.add_column("dead_letters", Column("claimed_until", DateTime(timezone=True)))
