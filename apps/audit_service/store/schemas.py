"""Schemas of actions: a new one is a new version, an old one stays."""

from typing import Any

import orjson
from sqlalchemy import text

from chassis import Change, Read
from contracts.audit_service import ActionSchema

_NEWEST = text("""
    SELECT DISTINCT ON (action) action, version, schema, set_by, set_at FROM append_only.schemas
    WHERE tenant = :tenant ORDER BY action, version DESC
""")
_VERSIONS = text("""
    SELECT action, version, schema, set_by, set_at FROM append_only.schemas
    WHERE tenant = :tenant AND action = :action ORDER BY version DESC
""")
_ADD = text("""
    INSERT INTO append_only.schemas (tenant, action, version, schema, set_by)
    SELECT :tenant, :action, coalesce(max(version), 0) + 1, CAST(:schema AS jsonb), :set_by
    FROM append_only.schemas WHERE tenant = :tenant AND action = :action
    RETURNING action, version, schema, set_by, set_at
""")


class SchemaStore:
    async def newest(self, read: Read, tenant: str) -> list[ActionSchema]:
        return [_schema(row) for row in await read.execute(_NEWEST, {"tenant": tenant})]

    async def versions(self, read: Read, action: str) -> list[ActionSchema]:
        """Newest first."""
        return [_schema(row) for row in await read.execute(_VERSIONS, {"tenant": read.tenant, "action": action})]

    async def add(self, change: Change, action: str, schema: dict[str, Any]) -> ActionSchema:
        values = {"tenant": change.tenant, "action": action, "set_by": change.actor}
        rows = await change.execute(_ADD, {**values, "schema": orjson.dumps(schema).decode()})
        return _schema(rows.one())


def _schema(row: Any) -> ActionSchema:
    schema = row.schema if isinstance(row.schema, dict) else orjson.loads(row.schema)
    return ActionSchema(
        action=row.action, version=row.version, json_schema=schema, set_by=row.set_by, set_at=row.set_at
    )
