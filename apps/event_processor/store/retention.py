"""Rules of how long events are kept, and what is left of those that were dropped."""

from collections.abc import Sequence
from typing import Any

from orjson import loads
from sqlalchemy import text

from chassis import Change, Read
from contracts.event_processor import AT_LEAST, Chosen, Retention, RetentionRule

VERSIONS = 100  # of one topic

_PUT = text("""
    INSERT INTO retention (tenant, name, rule) VALUES (:tenant, :name, :rule)
    ON CONFLICT (tenant, name) DO UPDATE SET rule = :rule, updated_at = now()
""")
_LIST = text("SELECT * FROM retention WHERE tenant = :tenant AND name = coalesce(:name, name) ORDER BY name")
_EVERYBODYS = text("SELECT tenant, name FROM retention ORDER BY tenant, name")
_DELETE = text("DELETE FROM retention WHERE tenant = :tenant AND name = :name")
_OF_STREAM = "source = :source AND subject = :subject"
_OF_TOPIC = "type = ANY(CAST(:types AS text[]))"
# least() leaves NULLs out: of whom there is none.
_DROP = """
    WITH processed AS (
        SELECT least(
            (SELECT min(position) FROM projections WHERE tenant = :tenant),
            (SELECT min(position) FROM subscriptions WHERE tenant = :tenant),
            (SELECT min(position) FROM triggers WHERE tenant = :tenant AND state = 'enabled'),
            (SELECT last FROM event_head)
        ) AS by_all
    ), surplus AS (
        SELECT position FROM events WHERE tenant = :tenant AND {of} AND CAST(:count AS bigint) IS NOT NULL
        ORDER BY position DESC OFFSET coalesce(:count, 0) LIMIT 1
    ), gone AS (
        DELETE FROM events WHERE position IN (
            SELECT position FROM events WHERE tenant = :tenant AND {of}
                AND position <= (SELECT by_all FROM processed)
                AND stored_at < now() - make_interval(secs => :at_least)
                AND (position <= (SELECT position FROM surplus) OR stored_at < now() - make_interval(secs => :age))
                AND NOT EXISTS (SELECT FROM outstanding
                    WHERE outstanding.tenant = :tenant AND outstanding.position = events.position)
            ORDER BY position LIMIT :most
        ) RETURNING source, subject, version
    ), buried AS (
        INSERT INTO tombstones (tenant, source, subject, dropped, version)
        SELECT :tenant, source, subject, count(*), max(version) FROM gone GROUP BY source, subject
        ON CONFLICT (tenant, source, subject) DO UPDATE SET dropped = tombstones.dropped + excluded.dropped,
            version = greatest(tombstones.version, excluded.version)
    )
    UPDATE retention SET dropped = dropped + (SELECT count(*) FROM gone)
    WHERE tenant = :tenant AND name = :name RETURNING (SELECT count(*) FROM gone)
"""
_DROPPED = text("""
    SELECT coalesce(sum(dropped), 0) FROM tombstones WHERE tenant = :tenant
        AND source = coalesce(:source, source) AND subject = coalesce(:subject, subject)
        AND source = coalesce(:category, source)
""")


class RetentionStore:
    """Every method works in the transaction it is given, for its tenant."""

    async def put(self, change: Change, name: str, rule: RetentionRule) -> None:
        await change.execute(_PUT, {**_its(change, name), "rule": rule.model_dump_json().encode()})

    async def all(self, read: Read, name: str | None = None) -> list[Retention]:
        rows = await read.execute(_LIST, _its(read, name))
        return [Retention.model_validate({**row._mapping, "rule": loads(row.rule)}) for row in rows]

    async def everybodys(self, read: Read) -> Sequence[Any]:
        """(tenant, name) of the rules of all tenants."""
        return (await read.execute(_EVERYBODYS)).all()

    async def delete(self, change: Change, name: str) -> bool:
        return bool((await change.execute(_DELETE, _its(change, name))).rowcount)

    async def drop(self, change: Change, name: str, rule: RetentionRule, most: int) -> int:
        """How many were dropped, at most `most`."""
        source, subject = _parts(rule.stream)
        asked = {
            "source": source,
            "subject": subject,
            "types": [f"{rule.topic}.v{version}" for version in range(1, VERSIONS)],
            "count": rule.max_count,
            "age": rule.max_age_seconds,
            "at_least": AT_LEAST,
            "most": most,
        }
        statement = text(_DROP.format(of=_OF_STREAM if rule.stream else _OF_TOPIC))
        asked = {name: value for name, value in asked.items() if f":{name}" in statement.text}
        return int(await change.scalar(statement, {**_its(change, name), **asked}) or 0)

    async def dropped(self, read: Read, chosen: Chosen) -> int:
        """How many events of these streams are gone, of whatever types."""
        source, subject = _parts(chosen.stream)
        asked = {"source": source, "subject": subject, "category": chosen.category, "tenant": read.tenant}
        return int(await read.scalar(_DROPPED, asked))


def _its(read: Read, name: str | None) -> dict[str, Any]:
    return {"tenant": read.tenant, "name": name}


def _parts(stream: str | None) -> tuple[str | None, str | None]:
    if stream is None:
        return None, None
    source, _, subject = stream.partition("/")
    return source, subject
