"""Entries are found by the address they were asked from, and searches are kept by name."""

from alembic import op

revision = "0002_searches"
down_revision = "0001_trail"

STATEMENTS = (
    # Null for entries taken before: their bytes have the address, and are not read anew.
    "ALTER TABLE append_only.entries ADD COLUMN address inet",
    "CREATE INDEX entries_address ON append_only.entries USING gist (address inet_ops) WHERE address IS NOT NULL",
    """CREATE TABLE searches (
        tenant text NOT NULL, name text NOT NULL, filter jsonb NOT NULL, set_by text NOT NULL,
        set_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (tenant, name)
    )""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
