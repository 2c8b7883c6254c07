"""Remembered bases."""

from alembic import op

revision = "0001_remembered_bases"
down_revision = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE bases (
            tenant text NOT NULL,
            base text NOT NULL,
            remembered_by text NOT NULL,
            tables integer,
            fields integer,
            widest jsonb,
            measured_at timestamptz,
            PRIMARY KEY (tenant, base)
        )
    """)
