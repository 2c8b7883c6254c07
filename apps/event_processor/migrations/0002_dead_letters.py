"""Events that apps gave up, and the reasons they told."""

from alembic import op
from sqlalchemy import BigInteger, Column, DateTime, Identity, Integer, LargeBinary, SmallInteger, Text, text

revision = "0002_dead_letters"
down_revision = "0001_events"


def upgrade() -> None:
    op.create_table(
        "dead_letters",
        Column("id", BigInteger, Identity(), primary_key=True),
        Column("digest", LargeBinary, nullable=False, unique=True),
        Column("tenant", Text, nullable=False),
        Column("consumer", Text, nullable=False),
        Column("state", Text, nullable=False, server_default=text("'open'")),
        Column("event", Text, nullable=False),
        Column("type", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("raw", LargeBinary, nullable=False),
        Column("arrived_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
        Column("replays", SmallInteger, nullable=False, server_default=text("0")),
        Column("replay_after", DateTime(timezone=True)),
    )
    op.create_index("dead_letters_newest", "dead_letters", ["tenant", text("id DESC")])
    op.create_index("dead_letters_due", "dead_letters", ["replay_after"], postgresql_where=text("state = 'open'"))
    op.create_table(
        "failures",
        Column("consumer", Text, primary_key=True),
        Column("event", Text, primary_key=True),
        Column("handler", Text, primary_key=True),
        Column("tenant", Text, nullable=False),
        Column("attempt", Integer, nullable=False),
        Column("problem", Text, nullable=False),
        Column("at", DateTime(timezone=True), nullable=False),
    )
