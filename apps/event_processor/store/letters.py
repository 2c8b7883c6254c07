"""Dead letters, joined with the reasons that their consumers told."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from sqlalchemy import text

from apps.event_processor.domain.letters import pause, replays_itself
from apps.event_processor.store.quarantine import visible
from chassis import Change, Read
from contracts.event_processor import DeadLetter, DeadLetterWhole, LettersChosen

_ADD = text("""
    INSERT INTO dead_letters (digest, tenant, consumer, event, type, subject, raw, replay_after)
    VALUES (:digest, :tenant, :consumer, :event, :type, :subject, :raw, now() + make_interval(secs => :pause))
    ON CONFLICT (digest) DO UPDATE SET state = 'open'
""")
_EXPLAIN = text("""
    INSERT INTO failures (consumer, event, handler, tenant, attempt, problem, at)
    VALUES (:consumer, :event, :handler, :tenant, :attempt, :problem, :at)
    ON CONFLICT (consumer, event, handler) DO UPDATE SET attempt = :attempt, problem = :problem, at = :at
        WHERE failures.at < :at
""")
_CHOSEN = """
    tenant = ANY(CAST(:tenants AS text[])) AND id < coalesce(:cursor, 9223372036854775807)
    AND id = coalesce(:id, id) AND consumer = coalesce(:consumer, consumer) AND type = coalesce(:type, type)
    AND event = coalesce(:event, event) AND state = coalesce(:state, state)
    AND arrived_at < coalesce(CAST(:before AS timestamptz), 'infinity')
"""
_PAGE = text(f"""
    SELECT letters.*, (
        SELECT coalesce(json_agg(json_build_object(
            'handler', handler, 'attempt', attempt, 'problem', problem, 'at', at) ORDER BY at, handler), '[]')
        FROM failures WHERE failures.consumer = letters.consumer AND failures.event = letters.event
            AND failures.tenant = letters.tenant
    ) AS reasons
    FROM dead_letters AS letters WHERE {_CHOSEN} ORDER BY id DESC LIMIT :most
""")  # noqa: S608
_OLDEST = text(f"SELECT id FROM dead_letters WHERE {_CHOSEN} ORDER BY id LIMIT :most")  # noqa: S608
_COUNT = text(f"SELECT count(*) FROM dead_letters WHERE {_CHOSEN}")  # noqa: S608
_PURGE = text(f"DELETE FROM dead_letters WHERE {_CHOSEN}")  # noqa: S608
_DUE = text("""
    UPDATE dead_letters SET replay_after = now() + make_interval(secs => :pause)
    WHERE id IN (
        SELECT id FROM dead_letters WHERE state = 'open' AND replay_after < now()
        ORDER BY replay_after LIMIT :most FOR UPDATE SKIP LOCKED
    ) RETURNING id, tenant
""")
_CLAIM = text("""
    UPDATE dead_letters SET replays = replays + 1, replay_after = now() + make_interval(secs => :pause),
        claimed_until = now() + make_interval(secs => :claim)
    WHERE id = :id AND (claimed_until IS NULL OR claimed_until < now())
""")
_GIVE_UP = text("UPDATE dead_letters SET replay_after = NULL WHERE id = :id")
_DONE = text("UPDATE dead_letters SET state = 'replayed', replay_after = NULL, claimed_until = NULL WHERE id = :id")
_RELEASE = text("UPDATE dead_letters SET claimed_until = NULL WHERE id = :id")
_EVERYTHING: Mapping[str, Any] = dict.fromkeys(("cursor", "id", *LettersChosen.model_fields))


class LetterStore:
    """Every method works in the transaction it is given."""

    async def add(self, change: Change, consumer: str, raw: bytes, event: str, kind: str, subject: str) -> None:
        """Once; one that is given up anew is open again."""
        digest = sha256(consumer.encode() + b"\0" + raw).digest()
        told = {"consumer": consumer, "event": event, "type": kind, "subject": subject}
        await change.execute(_ADD, {**told, "digest": digest, "tenant": change.tenant, "raw": raw, "pause": pause(0)})

    async def explain(self, change: Change, consumer: str, reason: Mapping[str, Any]) -> None:
        await change.execute(_EXPLAIN, {**reason, "consumer": consumer, "tenant": change.tenant})

    async def page(self, read: Read, chosen: LettersChosen, most: int) -> list[DeadLetter]:
        """Newest first."""
        rows = await read.execute(_PAGE, {**self._chosen(read, chosen.model_dump()), "most": most})
        return [DeadLetter.model_validate(_told(row)) for row in rows]

    async def find(self, read: Read, id: int) -> tuple[DeadLetterWhole, bytes] | None:
        """The letter and its bytes."""
        rows = await read.execute(_PAGE, {**self._chosen(read, {"id": id}), "most": 1})
        for row in rows:
            return DeadLetterWhole(**_told(row), raw=row.raw.decode(errors="replace")), row.raw
        return None

    async def oldest(self, read: Read, chosen: LettersChosen, most: int) -> list[int]:
        rows = await read.execute(_OLDEST, {**self._chosen(read, chosen.model_dump()), "most": most})
        return [row.id for row in rows]

    async def count(self, read: Read, chosen: LettersChosen) -> int:
        return int(await read.scalar(_COUNT, self._chosen(read, chosen.model_dump())))

    async def purge(self, change: Change, chosen: LettersChosen, id: int | None = None) -> int:
        purged = await change.execute(_PURGE, self._chosen(change, {**chosen.model_dump(), "id": id}))
        return int(purged.rowcount)

    async def due(self, change: Change, most: int) -> Sequence[Any]:
        """(id, tenant) of those whose time has come, of all tenants; nobody else gets them for a while."""
        return (await change.execute(_DUE, {"most": most, "pause": pause(0)})).all()

    async def claim(self, change: Change, id: int, replays: int, seconds: float) -> bool:
        """Keep others away from it for so long; False when somebody else does. This is try number `replays`."""
        asked = {"id": id, "pause": pause(replays), "claim": seconds}
        return bool((await change.execute(_CLAIM, asked)).rowcount)

    async def leave(self, change: Change, id: int) -> None:
        """To people."""
        await change.execute(_GIVE_UP, {"id": id})

    async def settle(self, change: Change, id: int, *, done: bool) -> None:
        """End the claim."""
        await change.execute(_DONE if done else _RELEASE, {"id": id})

    def _chosen(self, read: Read, chosen: Mapping[str, Any]) -> dict[str, Any]:
        given = {name: value for name, value in chosen.items() if name in _EVERYTHING}
        return {**_EVERYTHING, **given, "tenants": visible(read.who)}


def _told(row: Any) -> dict[str, Any]:
    problems = [reason["problem"] for reason in row.reasons]
    told = {name: row._mapping[name] for name in DeadLetter.model_fields if name not in ("replays_itself",)}
    return {**told, "replays_itself": replays_itself(row.state, row.replays, problems)}
