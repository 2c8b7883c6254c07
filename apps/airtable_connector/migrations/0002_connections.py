"""Over which connection a write went: empty for those of before there were several."""

from alembic import op
from sqlalchemy import Column, Text, text

revision = "0002_connections"
down_revision = "0001_operations"


def upgrade() -> None:
    op.add_column("operations", Column("connection", Text, nullable=False, server_default=text("''")))
