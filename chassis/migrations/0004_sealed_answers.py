"""Answers are kept sealed. `body` is written by older code only, and not read: its answer counts as not kept."""

from alembic import op
from sqlalchemy import Column, LargeBinary

revision = "0004_sealed_answers"
down_revision = "0003_audit"


def upgrade() -> None:
    op.add_column("idempotency", Column("sealed", LargeBinary))
