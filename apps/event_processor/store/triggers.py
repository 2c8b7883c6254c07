"""Triggers with their checkpoints."""

from collections.abc import Sequence
from typing import Any

from orjson import loads
from sqlalchemy import text

from apps.event_processor.domain.catalogue import OWN
from apps.event_processor.domain.triggers import ACTOR
from chassis import Change, Read
from contracts.event_processor import Trigger, TriggerDefinition

_PUT = text("""
    INSERT INTO triggers (tenant, name, definition) VALUES (:tenant, :name, :definition)
    ON CONFLICT (tenant, name) DO UPDATE SET definition = :definition, state = 'disabled', problem = NULL,
        updated_at = now()
""")
_LIST = text("""
    SELECT *, CASE WHEN state = 'enabled' THEN (SELECT count(*) FROM events
        WHERE events.tenant = triggers.tenant AND events.position > triggers.position) ELSE 0 END AS lag
    FROM triggers WHERE tenant = :tenant AND name = coalesce(:name, name) ORDER BY name
""")
_DUE = text("SELECT tenant, name FROM triggers WHERE state = 'enabled' AND position < (SELECT last FROM event_head)")
_TAKE = text("""
    SELECT definition, position FROM triggers
    WHERE tenant = :tenant AND name = :name AND state = 'enabled' FOR UPDATE SKIP LOCKED
""")
_ENABLE = text("""
    UPDATE triggers SET state = 'enabled', position = (SELECT last FROM event_head), problem = NULL, updated_at = now()
    WHERE tenant = :tenant AND name = :name AND state <> 'enabled'
""")
_HALT = text("""
    UPDATE triggers SET state = :state, problem = :problem, updated_at = now() WHERE tenant = :tenant AND name = :name
""")
_MOVE = text("""
    UPDATE triggers SET position = :position, fired = fired + :fired WHERE tenant = :tenant AND name = :name
""")
_DELETE = text("DELETE FROM triggers WHERE tenant = :tenant AND name = :name")
_CHAIN = text("""
    WITH RECURSIVE causes AS (
        SELECT source, actor, causation_id, 1 AS steps FROM events WHERE tenant = :tenant AND id = :event
        UNION ALL
        SELECT events.source, events.actor, events.causation_id, steps + 1
        FROM causes JOIN events ON events.tenant = :tenant AND events.id = causes.causation_id WHERE steps < :steps
    ) SELECT count(*) FROM causes WHERE source = :own AND starts_with(actor, :actor)
""")
STEPS = 100  # of a chain that are looked at


class TriggerStore:
    """Every method works in the transaction it is given, for its tenant."""

    async def put(self, change: Change, name: str, definition: TriggerDefinition) -> None:
        """Disabled, whatever it was before."""
        await change.execute(_PUT, {**_its(change, name), "definition": definition.model_dump_json().encode()})

    async def all(self, read: Read, name: str | None = None) -> list[Trigger]:
        rows = await read.execute(_LIST, _its(read, name))
        return [Trigger.model_validate({**row._mapping, "definition": loads(row.definition)}) for row in rows]

    async def due(self, read: Read) -> Sequence[Any]:
        """(tenant, name) of those that have something to look at, of all tenants."""
        return (await read.execute(_DUE)).all()

    async def take(self, change: Change, name: str) -> tuple[TriggerDefinition, int] | None:
        """(definition, position), held until the end of `change`; None when somebody else holds it."""
        row = (await change.execute(_TAKE, _its(change, name))).one_or_none()
        return (TriggerDefinition.model_validate_json(row.definition), row.position) if row else None

    async def enable(self, change: Change, name: str) -> None:
        """For what comes from now on; one that is enabled goes on."""
        await change.execute(_ENABLE, _its(change, name))

    async def halt(self, change: Change, name: str, state: str, problem: str | None = None) -> None:
        await change.execute(_HALT, {**_its(change, name), "state": state, "problem": problem})

    async def move(self, change: Change, name: str, position: int, fired: int) -> None:
        await change.execute(_MOVE, {**_its(change, name), "position": position, "fired": fired})

    async def delete(self, change: Change, name: str) -> bool:
        return bool((await change.execute(_DELETE, _its(change, name))).rowcount)

    async def chain(self, read: Read, event: str) -> int:
        """How many of this event and those that led to it were told by triggers."""
        asked = {"tenant": read.tenant, "event": event, "steps": STEPS, "own": OWN, "actor": ACTOR}
        return int(await read.scalar(_CHAIN, asked))


def _its(read: Read, name: str | None) -> dict[str, Any]:
    return {"tenant": read.tenant, "name": name}
