"""Hands the entries in the app's database to audit-service, and finds out how the unsettled ones ended."""

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import orjson
from sqlalchemy import text

from ._audit import NOBODYS, Outcome, canonical
from ._change import Change
from ._context import background
from ._database import Database
from ._idempotency import KeptAnswer, Key
from ._jobs import job
from ._logs import Log
from ._mesh import Mesh
from ._principal import service
from ._rounds import Rounds
from ._settings import AppSettings
from ._telemetry import Metrics
from ._trail import Trail

RECEIVER, PATH = "audit-service", "/ingest/entries"
MEDIA_TYPE = "application/x-ndjson"
BATCH, BATCH_BYTES = 200, 512 * 1024  # entries, bytes of one call
PATIENCE = 10.0  # seconds for one call
POLL = 1.0  # seconds between looks nobody asked for, while entries wait
IDLE = 7.0  # the same while none does; not the other relay's 5 s, because two looks at once keep two connections
LONGEST_PAUSE = 5.0  # seconds after a round that failed
SWEPT = 50  # unsettled entries of one round

_WAITING = text("""
    SELECT count(*) FILTER (WHERE refused IS NULL) AS rows, count(refused) AS refused,
        coalesce(extract(epoch FROM now() - min(created_at) FILTER (WHERE refused IS NULL)), 0)::float AS oldest,
        bool_or(refused IS NULL AND held_until IS NULL) AS ready
    FROM audit_outbox
""")
_TAKE = text(f"""
    SELECT id, entry FROM audit_outbox WHERE refused IS NULL AND held_until IS NULL
    ORDER BY created_at, id LIMIT {BATCH} FOR UPDATE SKIP LOCKED
""")  # noqa: S608
_DONE = text("DELETE FROM audit_outbox WHERE id = ANY(CAST(:ids AS uuid[]))")
_REFUSE = text("UPDATE audit_outbox SET refused = :why WHERE id = :id")
_HELD = text(f"""
    SELECT id, entry, claim FROM audit_outbox WHERE held_until < now()
    ORDER BY held_until LIMIT {SWEPT} FOR UPDATE SKIP LOCKED
""")  # noqa: S608
# From 5 s to a minute later, as long as a quarter of its age: what is found out late is mostly found out much later.
_LATER = text("""
    UPDATE audit_outbox SET held_until = now() + least('60 s', greatest('5 s', (now() - created_at) / 4)) WHERE id = :id
""")
_END = text("UPDATE audit_outbox SET entry = :entry, held_until = NULL, claim = NULL WHERE id = :id")


@dataclass(frozen=True, slots=True)
class Ended:
    """How an effect outside ended, found out later. `code` is the problem's, unless it succeeded; `answer` is what the
    request would have been answered with, for who repeats its Idempotency-Key."""

    outcome: Outcome
    code: str | None = None
    answer: KeptAnswer | None = None


class Outcomes(Protocol):
    """What an app that uses `change.intend` gives to `create_app(outcomes=…)`."""

    async def ended(self, entry: dict[str, Any]) -> Ended | None:
        """How the request of this entry ended (its targets, metadata and ids say which); None: it may be under way, ask
        again later."""


class AuditRelay:
    """At least once and in batches; an entry leaves the database only for its receipt."""

    def __init__(self, settings: AppSettings, db: Database, mesh: Mesh, metrics: Metrics, log: Log) -> None:
        self._db, self._mesh, self._metrics, self._log = db, mesh, metrics, log
        folder, own = settings.audit_folder, f"{settings.app_id}-{settings.app_port}.ndjson"
        self._file = Path(folder) / own if folder else None
        self._who = service(settings.app_id, NOBODYS)
        self._measured = -POLL
        self._rounds = Rounds(
            self.round,
            db.audited,
            log,
            longest_pause=LONGEST_PAUSE,
            failing="audit entries wait in the database",
            again="audit entries leave the database again",
        )

    async def start(self) -> None:
        context = background(self._mesh.app_id)
        context.principal = self._who
        self._rounds.start(context)

    async def stop(self) -> None:
        await self._rounds.stop()

    async def round(self) -> float:
        """Hand over a batch; the seconds until the next unless woken. Raises what the mesh and the database raise."""
        if time.monotonic() >= self._measured + POLL:
            async with self._db.glance(self._who) as read:
                waiting = (await read.execute(_WAITING)).one()
            self._metrics.audit(waiting.rows, waiting.oldest, waiting.refused)
            self._measured = time.monotonic()
            if not waiting.ready:
                return POLL if waiting.rows else IDLE
        async with self._db.change(self._who) as change:
            rows = _fitting((await change.execute(_TAKE)).all())
            if not rows:
                return POLL
            lines = b"".join(bytes(row.entry) + b"\n" for row in rows)
            if self._file:
                await asyncio.to_thread(_append, self._file, lines)
                await change.execute(_DONE, {"ids": [row.id for row in rows]})
            else:
                await self._settle(change, rows, await self._deliver(lines))
        return 0.0

    async def _deliver(self, lines: bytes) -> list[Any]:
        headers = {"content-type": MEDIA_TYPE}
        answer = await self._mesh.call(RECEIVER, "POST", PATH, body=lines, headers=headers, timeout=PATIENCE)
        if answer.status != 200:
            raise ConnectionError(f"{RECEIVER} answers {answer.status}: {answer.body[:300].decode(errors='replace')}")
        return list(orjson.loads(answer.body)["receipts"])

    async def _settle(self, change: Change, rows: Sequence[Any], receipts: Sequence[Any]) -> None:
        if len(receipts) != len(rows):
            raise ConnectionError(f"{RECEIVER} answers {len(receipts)} receipts for {len(rows)} entries")
        done = []
        for row, receipt in zip(rows, receipts, strict=True):
            if "code" in receipt:
                why = f"{receipt['code']}: {receipt.get('detail', '')}"[:500]
                self._log.error("audit entry refused", id=str(row.id), problem=why)
                await change.execute(_REFUSE, {"id": row.id, "why": why})
            elif receipt.get("id") == str(row.id):
                done.append(row.id)
            else:
                raise ConnectionError(f"{RECEIVER} answers a receipt for another entry than {row.id}")
        await change.execute(_DONE, {"ids": done})


class Sweeper:
    """Asks the app how effects ended whose outcome nobody wrote."""

    def __init__(self, db: Database, trail: Trail) -> None:
        self._db, self._seal = db, trail.seal
        self.outcomes: Outcomes | None = None

    async def sweep(self) -> int:
        """How many entries were settled."""
        assert self.outcomes is not None
        who, settled = service(self._db.app_id, NOBODYS), 0
        async with self._db.change(who) as change:
            for row in (await change.execute(_HELD)).all():
                entry = orjson.loads(row.entry)
                end = await self.outcomes.ended(entry)
                if end is None:
                    await change.execute(_LATER, {"id": row.id})
                    continue
                told = canonical({**entry, "outcome": end.outcome, **({"code": end.code} if end.code else {})})
                await change.execute(_END, {"id": row.id, "entry": told})
                if row.claim:
                    claim = row.claim | {"hash": bytes.fromhex(row.claim["hash"]), "seal": self._seal}
                    key, hint = Key(**claim), _hint(entry)
                    await key.release(change) if end.outcome == "failed" else await key.keep(change, end.answer, hint)
                settled += 1
            change.after_commit(self._db.audited.set)
        return settled


@job("@every 10s")
async def settle_audit_entries(sweeper: Sweeper) -> None:
    await sweeper.sweep()


def _fitting(rows: Sequence[Any]) -> list[Any]:
    """As many as one call may carry, at least one."""
    size = 0
    fitting: list[Any] = []
    for row in rows:
        size += len(row.entry) + 1
        if fitting and size > BATCH_BYTES:
            break
        fitting.append(row)
    return fitting


def _hint(entry: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in entry.get("metadata", {}).items()) or entry["trace_id"]


def _append(path: Path, lines: bytes) -> None:
    """Durable when it returns. A batch that was cut off is written again: an entry is known by its id."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        view = memoryview(lines)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
