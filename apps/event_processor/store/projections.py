"""Projections with their rows and checkpoints."""

from collections.abc import Mapping, Sequence
from typing import Any

from orjson import loads
from sqlalchemy import text

from apps.event_processor.domain.projections import Row, bytes_of
from chassis import Change, Read
from contracts.event_processor import Projection, ProjectionDefinition

_PUT = text("""
    INSERT INTO projections (tenant, name, definition) VALUES (:tenant, :name, :definition)
    ON CONFLICT (tenant, name) DO UPDATE SET definition = :definition
""")
_LIST = text("""
    SELECT *, (SELECT count(*) FROM events
        WHERE events.tenant = projections.tenant AND events.position > projections.position) AS lag
    FROM projections WHERE tenant = :tenant AND name = coalesce(:name, name) ORDER BY name
""")
_DUE = text("SELECT tenant, name FROM projections WHERE state = 'running' AND position < (SELECT last FROM event_head)")
_TAKE = text("""
    SELECT definition, position, keys FROM projections
    WHERE tenant = :tenant AND name = :name AND state = 'running' FOR UPDATE SKIP LOCKED
""")
_MOVE = text("""
    UPDATE projections SET position = :position, keys = :keys, updated_at = now()
    WHERE tenant = :tenant AND name = :name
""")
_SET = text("""
    UPDATE projections SET state = :state, problem = :problem, updated_at = now()
    WHERE tenant = :tenant AND name = :name
""")
_RESTART = text("""
    UPDATE projections SET state = 'running', position = 0, keys = 0, problem = NULL, updated_at = now()
    WHERE tenant = :tenant AND name = :name
""")
_EMPTY = text("DELETE FROM projection_rows WHERE tenant = :tenant AND name = :name")
_DELETE = text("DELETE FROM projections WHERE tenant = :tenant AND name = :name")
_ROWS = text("""
    SELECT key, row FROM projection_rows WHERE tenant = :tenant AND name = :name AND key > :after
    ORDER BY key LIMIT :most
""")
_OF_KEYS = text("""
    SELECT key, row FROM projection_rows
    WHERE tenant = :tenant AND name = :name AND key = ANY(CAST(:keys AS text[]))
""")
_WRITE = text("""
    INSERT INTO projection_rows (tenant, name, key, row) VALUES (:tenant, :name, :key, :row)
    ON CONFLICT (tenant, name, key) DO UPDATE SET row = :row
""")


class ProjectionStore:
    """Every method works in the transaction it is given, for its tenant."""

    async def put(self, change: Change, name: str, definition: ProjectionDefinition) -> None:
        row = {"tenant": change.tenant, "name": name, "definition": definition.model_dump_json().encode()}
        await change.execute(_PUT, row)

    async def all(self, read: Read, name: str | None = None) -> list[Projection]:
        rows = await read.execute(_LIST, {"tenant": read.tenant, "name": name})
        return [Projection.model_validate({**row._mapping, "definition": loads(row.definition)}) for row in rows]

    async def due(self, read: Read) -> Sequence[Any]:
        """(tenant, name) of those that have something to read, of all tenants."""
        return (await read.execute(_DUE)).all()

    async def take(self, change: Change, name: str) -> tuple[ProjectionDefinition, int, int] | None:
        """(definition, position, keys), held until the end of `change`; None when somebody else holds it."""
        row = (await change.execute(_TAKE, {"tenant": change.tenant, "name": name})).one_or_none()
        return (ProjectionDefinition.model_validate_json(row.definition), row.position, row.keys) if row else None

    async def move(self, change: Change, name: str, position: int, keys: int) -> None:
        await change.execute(_MOVE, {"tenant": change.tenant, "name": name, "position": position, "keys": keys})

    async def set(self, change: Change, name: str, state: str, problem: str | None = None) -> None:
        await change.execute(_SET, {"tenant": change.tenant, "name": name, "state": state, "problem": problem})

    async def restart(self, change: Change, name: str) -> None:
        """From the beginning of the log, with no rows."""
        which = {"tenant": change.tenant, "name": name}
        await change.execute(_RESTART, which)
        await change.execute(_EMPTY, which)

    async def delete(self, change: Change, name: str) -> None:
        await change.execute(_DELETE, {"tenant": change.tenant, "name": name})

    async def rows(self, read: Read, name: str, after: str, most: int) -> list[tuple[str, bytes]]:
        """In order of their keys, beyond `after`."""
        asked = {"tenant": read.tenant, "name": name, "after": after, "most": most}
        return [(row.key, row.row) for row in await read.execute(_ROWS, asked)]

    async def of_keys(self, read: Read, name: str, keys: Sequence[str]) -> dict[str, bytes]:
        rows = await read.execute(_OF_KEYS, {"tenant": read.tenant, "name": name, "keys": list(keys)})
        return {row.key: row.row for row in rows}

    async def write(self, change: Change, name: str, rows: Mapping[str, Row]) -> None:
        if rows:
            of = {"tenant": change.tenant, "name": name}
            await change.execute(_WRITE, [{**of, "key": key, "row": bytes_of(row)} for key, row in rows.items()])
