"""The journal of writes: one row a request, and one for each record it is about."""

from alembic import op
from sqlalchemy import JSON, Boolean, Column, DateTime, ForeignKey, SmallInteger, Text, Uuid, text

revision = "0001_operations"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "operations",
        Column("id", Uuid, primary_key=True),
        Column("tenant", Text, nullable=False),
        Column("actor", Text, nullable=False),
        Column("request_id", Text, nullable=False),
        Column("trace_id", Text, nullable=False),
        Column("action", Text, nullable=False),
        Column("method", Text, nullable=False),
        Column("base", Text, nullable=False),
        Column("table", Text, nullable=False),
        Column("fields_by_id", Boolean, nullable=False),
        Column("merge_on", JSON, nullable=False, server_default=text("'[]'")),
        Column("state", Text, nullable=False),
        Column("error", Text),
        Column("reverts", Uuid),
        Column("resolve_after", DateTime(timezone=True)),
        Column("tries", SmallInteger, nullable=False, server_default=text("0")),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    )
    op.create_index("operations_newest", "operations", ["tenant", text("id DESC")])
    op.create_index("operations_reverts", "operations", ["reverts"], postgresql_where=text("reverts IS NOT NULL"))
    op.create_index(
        "operations_unresolved", "operations", ["resolve_after"], postgresql_where=text("state = 'intended'")
    )
    op.create_table(
        "operation_records",
        Column("operation", Uuid, ForeignKey("operations.id", ondelete="CASCADE"), primary_key=True),
        Column("position", SmallInteger, primary_key=True, autoincrement=False),
        Column("tenant", Text, nullable=False),
        Column("call", SmallInteger, nullable=False),
        Column("kind", Text, nullable=False),
        Column("record", Text),
        Column("state", Text, nullable=False),
        Column("sent", JSON(none_as_null=True)),
        Column("before", JSON(none_as_null=True)),
        Column("after", JSON(none_as_null=True)),
        Column("replaces", Text),
        Column("sent_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    )
    op.create_index("operation_records_record", "operation_records", ["tenant", "record", text("operation DESC")])
    op.create_index(
        "operation_records_replaces",
        "operation_records",
        ["tenant", "replaces"],
        postgresql_where=text("replaces IS NOT NULL"),
    )
