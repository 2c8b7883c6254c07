"""What it takes to answer a write again from its journal: how it was asked, and when its records were created."""

from alembic import op
from sqlalchemy import Boolean, Column, SmallInteger, Text, text

revision = "0003_answers"
down_revision = "0002_connections"


def upgrade() -> None:
    op.add_column("operations", Column("single", Boolean, nullable=False, server_default=text("false")))
    op.add_column("operations", Column("asked", SmallInteger))
    op.add_column("operation_records", Column("created", Text))
