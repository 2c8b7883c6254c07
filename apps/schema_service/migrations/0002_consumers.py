"""Who relies on which version of a schema."""

from alembic import op

revision = "0002_consumers"
down_revision = "0001_snapshots"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE consumers (
            tenant text NOT NULL,
            base text NOT NULL,
            consumer text NOT NULL,
            version integer NOT NULL,
            uses jsonb NOT NULL,
            declared_at timestamptz NOT NULL DEFAULT now(),
            declared_by text NOT NULL,
            PRIMARY KEY (tenant, base, consumer),
            FOREIGN KEY (tenant, base, version) REFERENCES snapshots
        )
    """)
