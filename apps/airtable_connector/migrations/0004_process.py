"""Whose operation it is: a process that starts knows that the one before it, of its name, is dead."""

from alembic import op
from sqlalchemy import Column, Text, text

revision = "0004_process"
down_revision = "0003_answers"


def upgrade() -> None:
    op.add_column("operations", Column("process", Text, nullable=False, server_default=text("''")))
