"""The tables of the journal; `domain.journal` has their rows as values."""

from sqlalchemy import JSON, Boolean, Column, DateTime, MetaData, SmallInteger, Table, Text, Uuid, text

metadata = MetaData()

# One write request. `resolve_after`: from when on somebody else than its writer may look what became of it. `single`:
# asked for without a list of records, and so answered; `asked`: how many records it was to write.
operations = Table(
    "operations",
    metadata,
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
    Column("connection", Text, nullable=False, server_default=text("''")),
    Column("merge_on", JSON, nullable=False, server_default=text("'[]'")),
    Column("single", Boolean, nullable=False, server_default=text("false")),
    Column("asked", SmallInteger),
    Column("process", Text, nullable=False, server_default=text("''")),
    Column("state", Text, nullable=False),
    Column("error", Text),
    Column("reverts", Uuid),
    Column("resolve_after", DateTime(timezone=True)),
    Column("tries", SmallInteger, nullable=False, server_default=text("0")),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
)

# One record of it. `call` counts the calls to Airtable of ten records each; `sent` are the cells as the caller wrote
# them; `before` and `after` all cells that were not empty; `created` is Airtable's createdTime. Not JSONB: that has no
# U+0000, which cells may hold.
operation_records = Table(
    "operation_records",
    metadata,
    Column("operation", Uuid, primary_key=True),
    Column("position", SmallInteger, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("call", SmallInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("record", Text),
    Column("state", Text, nullable=False),
    Column("sent", JSON(none_as_null=True)),
    Column("before", JSON(none_as_null=True)),
    Column("after", JSON(none_as_null=True)),
    Column("replaces", Text),
    Column("created", Text),
    Column("sent_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
)
