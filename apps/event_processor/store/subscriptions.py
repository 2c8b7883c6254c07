"""Subscriptions with what they have handed out and not got settled."""

from collections.abc import Sequence
from typing import Any

from orjson import loads
from sqlalchemy import text

from chassis import Change, Read
from contracts.event_processor import Subscription, SubscriptionDefinition

_PUT = text("""
    INSERT INTO subscriptions (tenant, name, definition, position) VALUES (:tenant, :name, :definition, :position)
    ON CONFLICT (tenant, name) DO UPDATE SET definition = :definition, updated_at = now()
""")
_LIST = text("""
    SELECT *, (SELECT count(*) FROM events
        WHERE events.tenant = subscriptions.tenant AND events.position > subscriptions.position) AS lag
    FROM subscriptions LEFT JOIN LATERAL (
        SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting, count(*) FILTER (WHERE state = 'leased') AS leased,
            count(*) FILTER (WHERE state = 'parked') AS parked
        FROM outstanding WHERE outstanding.tenant = subscriptions.tenant AND outstanding.name = subscriptions.name
    ) AS counted ON true
    WHERE tenant = :tenant AND name = coalesce(:name, name) ORDER BY name
""")
_TAKE = text("SELECT definition, position FROM subscriptions WHERE tenant = :tenant AND name = :name FOR UPDATE")
_DELETE = text("DELETE FROM subscriptions WHERE tenant = :tenant AND name = :name")
_MOVE = text(
    "UPDATE subscriptions SET position = :position, updated_at = now() WHERE tenant = :tenant AND name = :name"
)

_ITS = "tenant = :tenant AND name = :name"
_COUNT = text(f"SELECT count(*) FROM outstanding WHERE {_ITS}")  # noqa: S608
_PARK_SPENT = text(f"""
    UPDATE outstanding SET state = 'parked', due = now(),
        reason = CASE state WHEN 'leased' THEN 'nobody said within its lease that it is done' ELSE reason END
    WHERE {_ITS} AND state <> 'parked' AND due <= now() AND attempt >= :tries
""")  # noqa: S608
_LEASE = text(f"""
    UPDATE outstanding SET state = 'leased', attempt = attempt + 1, due = now() + make_interval(secs => :lease)
    WHERE {_ITS} AND position IN (
        SELECT position FROM outstanding WHERE {_ITS} AND state <> 'parked' AND due <= now()
        ORDER BY position LIMIT :most
    ) RETURNING position, attempt, due
""")  # noqa: S608
_HAND_OUT = text("""
    INSERT INTO outstanding (tenant, name, position, state, attempt, due)
    SELECT :tenant, :name, position, 'leased', 1, now() + make_interval(secs => :lease)
    FROM unnest(CAST(:positions AS bigint[])) AS position RETURNING position, attempt, due
""")
_GIVEN = "(position, attempt) IN (SELECT * FROM unnest(CAST(:positions AS bigint[]), CAST(:attempts AS smallint[])))"
_ACK = text(f"""
    DELETE FROM outstanding WHERE {_ITS} AND state = 'leased' AND {_GIVEN} RETURNING position, attempt
""")  # noqa: S608
_NACK = text(f"""
    UPDATE outstanding SET state = CASE WHEN :park OR attempt >= :tries THEN 'parked' ELSE 'waiting' END,
        due = now() + make_interval(secs => :pause), reason = :reason
    WHERE {_ITS} AND state = 'leased' AND {_GIVEN} RETURNING position, attempt
""")  # noqa: S608
_PARKED = text(f"""
    SELECT position, attempt, reason, due AS parked_at FROM outstanding
    WHERE {_ITS} AND state = 'parked' AND position > :after ORDER BY position LIMIT :most
""")  # noqa: S608
_CHOSEN = f"{_ITS} AND state = 'parked' AND (:all OR position = ANY(CAST(:positions AS bigint[])))"
_UNPARK = text(f"UPDATE outstanding SET state = 'waiting', attempt = 0, due = now(), reason = '' WHERE {_CHOSEN}")  # noqa: S608
_PURGE = text(f"DELETE FROM outstanding WHERE {_CHOSEN}")  # noqa: S608

Given = Sequence[tuple[int, int]]  # (position, attempt)


class SubscriptionStore:
    """Every method works in the transaction it is given, for its tenant."""

    async def put(self, change: Change, name: str, definition: SubscriptionDefinition, position: int) -> None:
        """`position` counts when it is new."""
        row = {"definition": definition.model_dump_json().encode(), "position": position}
        await change.execute(_PUT, {**_its(change, name), **row})

    async def all(self, read: Read, name: str | None = None) -> list[Subscription]:
        rows = await read.execute(_LIST, _its(read, name))
        return [Subscription.model_validate({**row._mapping, "definition": loads(row.definition)}) for row in rows]

    async def take(self, change: Change, name: str) -> tuple[SubscriptionDefinition, int] | None:
        """(definition, position), held until the end of `change`; None when there is none."""
        row = (await change.execute(_TAKE, _its(change, name))).one_or_none()
        return (SubscriptionDefinition.model_validate_json(row.definition), row.position) if row else None

    async def delete(self, change: Change, name: str) -> bool:
        return bool((await change.execute(_DELETE, _its(change, name))).rowcount)

    async def move(self, change: Change, name: str, position: int) -> None:
        await change.execute(_MOVE, {**_its(change, name), "position": position})

    async def outstanding(self, read: Read, name: str) -> int:
        return int(await read.scalar(_COUNT, _its(read, name)))

    async def lease_again(self, change: Change, name: str, of: SubscriptionDefinition, most: int) -> list[Any]:
        """(position, attempt, due) of what is to be tried again; what has no tries left is parked."""
        await change.execute(_PARK_SPENT, {**_its(change, name), "tries": of.max_tries})
        asked = {**_its(change, name), "lease": of.lease_seconds, "most": most}
        return list(await change.execute(_LEASE, asked))

    async def lease(self, change: Change, name: str, of: SubscriptionDefinition, positions: list[int]) -> list[Any]:
        """The same of events that were never handed out."""
        asked = {**_its(change, name), "lease": of.lease_seconds, "positions": positions}
        return list(await change.execute(_HAND_OUT, asked)) if positions else []

    async def ack(self, change: Change, name: str, given: Given) -> set[tuple[int, int]]:
        return {(row.position, row.attempt) for row in await change.execute(_ACK, _given(change, name, given))}

    async def nack(
        self, change: Change, name: str, given: Given, *, tries: int, park: bool, pause: int, reason: str
    ) -> set[tuple[int, int]]:
        told = {"tries": tries, "park": park, "pause": pause, "reason": reason}
        return {(row.position, row.attempt) for row in await change.execute(_NACK, _given(change, name, given) | told)}

    async def parked(self, read: Read, name: str, after: int, most: int) -> list[Any]:
        """(position, attempt, reason, parked_at)"""
        return list(await read.execute(_PARKED, {**_its(read, name), "after": after, "most": most}))

    async def unpark(self, change: Change, name: str, positions: list[int], *, purge: bool) -> int:
        """How many are tried again, or forgotten; of all that are parked when `positions` is empty."""
        asked = {**_its(change, name), "all": not positions, "positions": positions}
        return int((await change.execute(_PURGE if purge else _UNPARK, asked)).rowcount)


def _its(read: Read, name: str | None) -> dict[str, Any]:
    return {"tenant": read.tenant, "name": name}


def _given(read: Read, name: str, given: Given) -> dict[str, Any]:
    return {**_its(read, name), "positions": [at for at, _ in given], "attempts": [attempt for _, attempt in given]}
