"""Bases and the snapshots of their schemas."""

from alembic import op

revision = "0001_snapshots"
down_revision = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE bases (
            tenant text NOT NULL,
            base text NOT NULL,
            seen_at timestamptz NOT NULL,
            PRIMARY KEY (tenant, base)
        )
    """)
    op.execute("""
        CREATE TABLE snapshots (
            tenant text NOT NULL,
            base text NOT NULL,
            version integer NOT NULL,
            hash text NOT NULL,
            tables jsonb NOT NULL,
            taken_at timestamptz NOT NULL DEFAULT now(),
            taken_by text NOT NULL,
            PRIMARY KEY (tenant, base, version)
        )
    """)
