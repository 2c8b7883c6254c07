"""Traces, the pieces they consist of, and calls by minute."""

from alembic import op

revision = "0001_traces"
down_revision = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE traces (
            number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
            trace_id text PRIMARY KEY,
            tenant text NOT NULL,
            name text NOT NULL,
            service text NOT NULL,
            started timestamptz NOT NULL,
            duration_ms double precision NOT NULL,
            services text[] NOT NULL,
            spans integer NOT NULL,
            error text,
            kept text NOT NULL
        )
    """)
    op.execute("CREATE INDEX traces_of_a_tenant ON traces (tenant, number)")
    op.execute("""
        CREATE TABLE pieces (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            trace_id text NOT NULL,
            spans bytea NOT NULL,
            came_at timestamptz NOT NULL DEFAULT now()
        )
    """)
    op.execute("CREATE INDEX pieces_of_a_trace ON pieces (trace_id, id)")
    op.execute("""
        CREATE TABLE edges (
            minute timestamptz NOT NULL,
            caller text NOT NULL,
            callee text NOT NULL,
            calls bigint NOT NULL,
            failed bigint NOT NULL,
            milliseconds double precision NOT NULL,
            buckets bigint[] NOT NULL,
            PRIMARY KEY (minute, caller, callee)
        )
    """)
