"""How far an app has all events of another one: up to `position`, and the numbers received beyond it."""

from alembic import op
from sqlalchemy import BigInteger, Column, Text

revision = "0002_complete"
down_revision = "0001_every_app"


def upgrade() -> None:
    op.create_table(
        "event_source",
        Column("owner", Text, primary_key=True),
        Column("position", BigInteger, nullable=False),
    )
    op.create_table(
        "event_received",
        Column("owner", Text, primary_key=True),
        Column("sequence", BigInteger, primary_key=True),
    )
