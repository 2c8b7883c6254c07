"""What changed, and every start, so that the next one of an app can be compared with it."""

from alembic import op

revision = "0002_changes"
down_revision = "0001_traces"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE changes (
            number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            at timestamptz NOT NULL,
            tenant text NOT NULL,
            app text NOT NULL,
            kind text NOT NULL,
            detail text NOT NULL
        )
    """)
    op.execute("CREATE INDEX changes_of_an_app ON changes (app, at)")
    op.execute("""
        CREATE TABLE starts (
            instance text PRIMARY KEY,
            app text NOT NULL,
            at timestamptz NOT NULL,
            place text NOT NULL,
            version text NOT NULL,
            settings jsonb NOT NULL
        )
    """)
    op.execute("CREATE INDEX starts_of_an_app ON starts (app, at)")
