"""Finding entries."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from chassis import Read
from contracts.audit_service import Access, Filter, TrailEntry

_FROM = "FROM append_only.chain AS c JOIN append_only.entries AS e ON e.tenant = c.tenant AND e.index = c.index"
_SHOWN = "c.index AS at, c.id, c.leaf, c.hash, c.received_at, e.entry, e.schema_version, e.flaws"
_LINK = text("SELECT index AS at, leaf FROM append_only.chain WHERE tenant = :tenant AND id = :id")
_ONE = text(f"""
    SELECT {_SHOWN} {_FROM.replace(" JOIN ", " LEFT JOIN ")} WHERE c.tenant = :tenant AND c.id = :id
""")
_ACCESS = text("""
    SELECT actor_type, actor, acting_for, action, outcome, service, count(*) AS times, min(occurred_at) AS first_at,
        max(occurred_at) AS last_at
    FROM append_only.entries
    WHERE tenant = :tenant AND targets @> ARRAY[:target]
        AND (CAST(:since AS timestamptz) IS NULL OR occurred_at >= :since)
        AND (CAST(:until AS timestamptz) IS NULL OR occurred_at < :until)
    GROUP BY actor_type, actor, acting_for, action, outcome, service ORDER BY last_at DESC LIMIT 1000
""")
_CONDITIONS = {
    "outcome": "e.outcome = :outcome",
    "actor": "(e.actor = :actor OR e.acting_for = :actor)",
    "target": "e.targets @> ARRAY[:target]",
    "service": "e.service = :service",
    "request_id": "e.request_id = :request_id",
    "trace_id": "e.trace_id = :trace_id",
    "since": "e.occurred_at >= :since",
    "until": "e.occurred_at < :until",
    "address": "e.address <<= CAST(:address AS inet)",
    "text": "e.words @@ websearch_to_tsquery('simple', :text)",
}


@dataclass(frozen=True, slots=True)
class Link:
    index: int
    leaf: bytes


class SearchStore:
    async def link(self, read: Read, tenant: str, id_: UUID) -> Link | None:
        row = (await read.execute(_LINK, {"tenant": tenant, "id": id_})).first()
        return Link(row.at, bytes(row.leaf)) if row else None

    async def one(self, read: Read, id_: UUID) -> TrailEntry | None:
        row = (await read.execute(_ONE, {"tenant": read.tenant, "id": id_})).first()
        return _entry(row) if row else None

    async def newest(self, read: Read, asked: Filter, before: int | None, most: int) -> list[TrailEntry]:
        """Backwards along the chain, from below index `before`."""
        where, values = _where(read.tenant, asked)
        if before is not None:
            where, values = f"{where} AND e.index < :before", {**values, "before": before}
        return [_entry(row) for row in await self._rows(read, f"{where} ORDER BY e.index DESC", values, most)]

    async def onwards(self, read: Read, asked: Filter, first: int, most: int) -> list[Any]:
        """Forwards along the chain, from index `first`; raw rows, with `at`, `hash` and the bytes in `entry`."""
        where, values = _where(read.tenant, asked)
        return await self._rows(
            read, f"{where} AND e.index >= :first ORDER BY e.index", {**values, "first": first}, most
        )

    async def count(self, read: Read, asked: Filter) -> int:
        where, values = _where(read.tenant, asked)
        found: int = await read.scalar(text(f"SELECT count(*) FROM append_only.entries AS e WHERE {where}"), values)  # noqa: S608
        return found

    async def access(self, read: Read, target: str, since: Any, until: Any) -> list[Access]:
        values = {"tenant": read.tenant, "target": target, "since": since, "until": until}
        return [Access(**row._mapping) for row in await read.execute(_ACCESS, values)]

    async def _rows(self, read: Read, rest: str, values: dict[str, Any], most: int) -> list[Any]:
        statement = text(f"SELECT {_SHOWN} {_FROM} WHERE {rest} LIMIT :most")
        return list(await read.execute(statement, {**values, "most": most}))


def _where(tenant: str, asked: Filter) -> tuple[str, dict[str, Any]]:
    """The condition and its values; the text is ours alone, what was asked for goes as values."""
    conditions, values = ["e.tenant = :tenant"], {"tenant": tenant}
    given = asked.model_dump(exclude_none=True) | ({"address": str(asked.address)} if asked.address else {})
    for name, condition in _CONDITIONS.items():
        if name in given:
            conditions.append(condition)
            values[name] = given[name]
    if asked.action is not None:
        if asked.action.endswith("*"):
            conditions.append("starts_with(e.action, :action)")
        else:
            conditions.append("e.action = :action")
        values["action"] = asked.action.removesuffix("*")
    if asked.flawed is not None:
        conditions.append("e.flaws <> '{}'" if asked.flawed else "e.flaws = '{}'")
    return " AND ".join(conditions), values


def _entry(row: Any) -> TrailEntry:
    return TrailEntry(
        index=row.at,
        id=row.id,
        hash=bytes(row.hash).hex(),
        received_at=row.received_at,
        entry=None if row.entry is None else orjson.loads(bytes(row.entry)),
        schema_version=row.schema_version,
        flaws=row.flaws or [],
    )
