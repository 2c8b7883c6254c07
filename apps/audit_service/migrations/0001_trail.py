"""The trail: entries with their chain and tree, signed notes, retention. What is in `append_only` is never changed.

The app's role may insert and read there, by the chassis' grants. The one way out is `append_only.erase`: it runs as
the owner, and takes only bytes that are past their retention and told of by a tombstone.
"""

from alembic import op

revision = "0001_trail"
down_revision = None

STATEMENTS = (
    "CREATE SCHEMA append_only",
    """CREATE TABLE append_only.chain (
        tenant text NOT NULL, index bigint NOT NULL, id uuid NOT NULL,
        leaf bytea NOT NULL CHECK (length(leaf) = 32), hash bytea NOT NULL CHECK (length(hash) = 32),
        received_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant, index), UNIQUE (tenant, id)
    )""",
    """CREATE TABLE append_only.entries (
        tenant text NOT NULL, index bigint NOT NULL, entry bytea NOT NULL,
        occurred_at timestamptz NOT NULL, action text NOT NULL, outcome text NOT NULL,
        actor_type text NOT NULL, actor text NOT NULL, acting_for text, service text NOT NULL,
        request_id text NOT NULL, trace_id text NOT NULL, targets text[] NOT NULL, words tsvector NOT NULL,
        schema_version integer, flaws text[] NOT NULL,
        PRIMARY KEY (tenant, index)
    )""",
    "CREATE INDEX entries_action ON append_only.entries (tenant, action, index)",
    "CREATE INDEX entries_actor ON append_only.entries (tenant, actor, index)",
    "CREATE INDEX entries_request ON append_only.entries (tenant, request_id)",
    "CREATE INDEX entries_trace ON append_only.entries (tenant, trace_id)",
    "CREATE INDEX entries_occurred ON append_only.entries (tenant, occurred_at)",
    "CREATE INDEX entries_targets ON append_only.entries USING gin (targets)",
    "CREATE INDEX entries_words ON append_only.entries USING gin (words)",
    "CREATE INDEX entries_flaws ON append_only.entries (tenant, index) WHERE flaws <> '{}'",
    """CREATE TABLE append_only.nodes (
        tenant text NOT NULL, level smallint NOT NULL, position bigint NOT NULL, hash bytea NOT NULL,
        PRIMARY KEY (tenant, level, position)
    )""",
    """CREATE TABLE append_only.checkpoints (
        tenant text NOT NULL, size bigint NOT NULL, note text NOT NULL, peaks bytea[] NOT NULL,
        signed_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (tenant, size)
    )""",
    """CREATE TABLE append_only.exported (
        tenant text NOT NULL, size bigint NOT NULL, place text NOT NULL,
        exported_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (tenant, size, place)
    )""",
    """CREATE TABLE append_only.retention (
        tenant text NOT NULL, days integer CHECK (days >= 30), set_by text NOT NULL,
        set_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (tenant, set_at)
    )""",
    """CREATE TABLE append_only.tombstones (
        tenant text NOT NULL, first bigint NOT NULL, last bigint NOT NULL CHECK (last >= first), note text NOT NULL,
        erased_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (tenant, first)
    )""",
    """CREATE TABLE append_only.schemas (
        tenant text NOT NULL, action text NOT NULL, version integer NOT NULL, schema jsonb NOT NULL,
        set_by text NOT NULL, set_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (tenant, action, version)
    )""",
    # Retention is asked again in here: the app's role must not be able to erase more by calling it otherwise.
    """CREATE FUNCTION append_only.erase(of text, from_index bigint, to_index bigint) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, append_only AS $$
        WITH kept AS (
            SELECT days FROM append_only.retention WHERE tenant = of ORDER BY set_at DESC LIMIT 1
        ), gone AS (
            DELETE FROM append_only.entries AS e USING append_only.chain AS c, kept
            WHERE c.tenant = of AND e.tenant = of AND c.index = e.index AND e.index BETWEEN from_index AND to_index
                AND c.received_at < now() - make_interval(days => kept.days)
                AND EXISTS (SELECT FROM append_only.tombstones AS t
                    WHERE t.tenant = of AND e.index BETWEEN t.first AND t.last)
            RETURNING 1
        ) SELECT count(*) FROM gone
    $$""",
    # Exports are copies and go after a while, so they are not in the schema above.
    """CREATE TABLE exports (
        id uuid PRIMARY KEY, tenant text NOT NULL, format text NOT NULL, asked jsonb NOT NULL, state text NOT NULL,
        total bigint NOT NULL, done bigint NOT NULL DEFAULT 0, bytes bigint NOT NULL DEFAULT 0,
        parts integer NOT NULL DEFAULT 0, cursor bigint, problem text, asked_by text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(), worked_at timestamptz NOT NULL DEFAULT now()
    )""",
    "CREATE INDEX exports_newest ON exports (tenant, id DESC)",
    """CREATE TABLE export_parts (
        export uuid NOT NULL REFERENCES exports ON DELETE CASCADE, part integer NOT NULL, content bytea NOT NULL,
        PRIMARY KEY (export, part)
    )""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
