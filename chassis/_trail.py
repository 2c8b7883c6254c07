"""Audit entries on their way into the app's database: with the change, after its failure, or by a file beside it."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote
from uuid import UUID, uuid4

import orjson
from sqlalchemy import text
from starlette.routing import Match
from starlette.types import Scope

from ._audit import NOBODYS, UNROUTED, Asked, canonical, entry, outcome_of
from ._change import Change
from ._codes import UnderWay
from ._context import Context, background, enter
from ._database import Database
from ._errors import AppError
from ._idempotency import Key
from ._logs import Log
from ._principal import service
from ._refusals import Refusals
from ._seal import Seal
from ._secrets import Secrets
from ._settings import AppSettings
from ._telemetry import Metrics

WAIT = 1.0  # seconds a failed request waits for its entry to be written; then it goes to the file
BATCHED = 0.05  # seconds the file is let grow before it is moved
PAUSE = 1.0  # seconds between attempts while the database is away
LARGEST_FILE = 16 * 1024 * 1024  # bytes; what comes then is dropped, and counted
MOVED_AT_ONCE = 500  # entries

_ADD = text("""
    INSERT INTO audit_outbox (id, entry) SELECT id, convert_to(entry, 'UTF8')
    FROM unnest(CAST(:ids AS uuid[]), CAST(:entries AS text[])) AS new (id, entry)
    ON CONFLICT (id) DO NOTHING
""")
_HOLD = text("""
    INSERT INTO audit_outbox (id, entry, held_until, claim)
    VALUES (:id, :entry, now() + make_interval(secs => :seconds), CAST(:claim AS jsonb)) ON CONFLICT (id) DO NOTHING
""")
_READY = text("SELECT count(*) FROM audit_outbox WHERE refused IS NULL AND held_until IS NULL")
_END = text("UPDATE audit_outbox SET entry = :entry, held_until = NULL, claim = NULL WHERE id = :id")


class Trail:
    """One per app with audited routes. The file is the launcher's run directory's, so that a killed process loses none
    of it; without one it lies in a temporary folder, which is there while it holds something."""

    public: ClassVar[bool] = False

    def __init__(self, settings: AppSettings, db: Database, secrets: Secrets, metrics: Metrics, log: Log) -> None:
        self.db = db
        self.seal = Seal(settings.app_id, secrets)
        self._metrics, self._log = metrics, log
        self._who = service(settings.app_id, NOBODYS)
        self._own_folder = not settings.platform_run_dir
        folder = settings.platform_run_dir or Path(tempfile.gettempdir()) / f"{settings.app_id}-{uuid4().hex}"
        self._file = Path(folder) / "audit" / f"{settings.app_id}-{settings.app_port}.spool"
        self._moving = self._file.with_suffix(".moving")
        self._refusals = Refusals(self.spool)
        self._spooled = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._app_id = settings.app_id

    async def start(self) -> None:
        self._tasks = [asyncio.create_task(self._move_all()), asyncio.create_task(self._refusals.run())]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._refusals.flush()
        with contextlib.suppress(AppError, TimeoutError):
            async with asyncio.timeout(0.3):
                await self._move()
        if not await asyncio.to_thread(self._empty):
            self._log.warning("audit entries are left in a file", file=str(self._file))
        elif self._own_folder:
            await asyncio.to_thread(shutil.rmtree, self._file.parent.parent, ignore_errors=True)
        if self.public:
            await self.db.stop()

    def _empty(self) -> bool:
        return not (self._file.exists() or self._moving.exists())

    async def waiting(self) -> int:
        """Entries whose outcome is known and that audit-service has not taken; those in the file count as one."""
        if not self._empty():
            return 1
        async with self.db.glance(self._who) as read:
            found: int = await read.scalar(_READY)
            return found

    async def write(self, change: Change, scope: Scope, context: Context) -> None:
        """The entry of a request that succeeds with `change`; none for a route that has none."""
        asked = self._asked(scope)
        if asked is not None:
            await self._add(change, [entry(context, asked, "succeeded")])
            change.after_commit(self.db.audited.set)

    async def hold(self, change: Change, scope: Scope, context: Context, key: Key | None, seconds: float) -> None:
        """The entry of a request that is about to do something outside: unknown until it is settled, here or by who
        looks for it after `seconds`."""
        asked = self._asked(scope)
        if asked is not None:
            intent = entry(context, asked, "unknown")
            claim = orjson.dumps({**key.named, "hash": key.hash.hex()} if key else None).decode()
            values = {"id": UUID(intent["id"]), "entry": canonical(intent), "seconds": seconds, "claim": claim}
            await change.execute(_HOLD, values)

    async def settle(self, change: Change, scope: Scope, context: Context, status: int) -> None:
        """How what was held ended."""
        asked = self._asked(scope)
        if asked is not None:
            error = context.error if status >= 400 else None
            ended = entry(context, asked, outcome_of(status, error), error)
            await change.execute(_END, {"id": UUID(ended["id"]), "entry": canonical(ended)})
            change.after_commit(self.db.audited.set)

    async def answered(self, scope: Scope, context: Context, status: int) -> None:
        """Before a request that may have changed something gets its answer: see to it that its entry is written."""
        if context.audited or (context.unit is not None and context.unit.intended):
            return
        context.audited = True
        error = context.error
        if isinstance(error, UnderWay) or (self.public and (error is None or error.may_have_happened)):
            return  # it repeats what has its entry, or an app has answered or may have the request: the entry is there
        asked = self._asked(scope)
        if asked is None:
            return
        outcome = outcome_of(status, error)
        if context.unit is not None and context.unit.committing:
            outcome = "unknown"
        told = entry(context, asked, outcome, error if status >= 400 else None)
        if self.public or context.principal is None:
            self._refusals.add(told)
        else:
            await self._write_apart(told)

    async def _write_apart(self, told: dict[str, Any]) -> None:
        try:
            async with asyncio.timeout(WAIT), self.db.change(self._who, at_once=True) as change:
                await self._add(change, [told])
                change.after_commit(self.db.audited.set)
        except (AppError, TimeoutError):
            self.spool(told)

    async def _add(self, change: Change, entries: Sequence[dict[str, Any]]) -> None:
        ids = [each["id"] for each in entries]
        await change.execute(_ADD, {"ids": ids, "entries": [canonical(each).decode() for each in entries]})

    def spool(self, told: dict[str, Any]) -> None:
        """Have an entry moved into the database soon. Not fsynced: it survives the process, and the machine if it is
        given a second."""
        line = canonical(told) + b"\n"
        try:
            size = self._file.stat().st_size if self._file.exists() else 0
            if size + len(line) > LARGEST_FILE:
                raise OSError(f"the file has {size} bytes, {LARGEST_FILE} is the end")
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._file.open("ab") as file:
                file.write(line)
        except OSError as problem:
            self._metrics.audit_dropped()
            self._log.error("an audit entry is lost", id=told["id"], action=told["action"], problem=str(problem))
        self._spooled.set()

    async def _move_all(self) -> None:
        enter(background(self._app_id))
        if self.public:
            await self._open()
        while True:
            self._spooled.clear()
            try:
                await self._move()
            except Exception as problem:  # whatever it is, what was refused must be in the trail some day
                detail = problem.detail if isinstance(problem, AppError) else repr(problem)
                self._log.warning("audit entries wait in a file", problem=detail)
                await asyncio.sleep(PAUSE)
                continue
            await self._spooled.wait()
            await asyncio.sleep(BATCHED)

    async def _open(self) -> None:
        """The gateway answers without its database too."""
        while True:
            try:
                return await self.db.start()
            except Exception as problem:
                detail = problem.detail if isinstance(problem, AppError) else repr(problem)
                self._log.warning("audit entries wait in a file", problem=detail)
            await asyncio.sleep(PAUSE)

    async def _move(self) -> None:
        """The file's entries into the database. A second time is no harm: an entry is known by its id."""
        while not self._empty():
            if not self._moving.exists():
                self._file.rename(self._moving)
            entries = []
            for line in self._moving.read_bytes().splitlines():
                with contextlib.suppress(orjson.JSONDecodeError):  # the last line of a process that was killed
                    entries.append(orjson.loads(line))
            for first in range(0, len(entries), MOVED_AT_ONCE):
                async with self.db.change(self._who, at_once=True) as change:
                    await self._add(change, entries[first : first + MOVED_AT_ONCE])
            self._moving.unlink()
            self.db.audited.set()

    def _asked(self, scope: Scope) -> Asked | None:
        """None when the request's route says that it needs no entry."""
        route = scope.get("route") or next(
            (route for route in scope["app"].router.routes if route.matches(scope)[0] is Match.FULL), None
        )
        headers = dict(scope["headers"])
        agent = headers.get(b"user-agent", b"").decode("latin-1") or None
        told = headers.get(b"x-platform-client-address", b"").decode("latin-1")  # as the gateway saw it
        address = scope["client"][0] if self.public and scope.get("client") else told or None
        method = scope["method"] if scope["method"].isalpha() and scope["method"].isupper() else "OTHER"
        declared = getattr(route, "declared", None)
        if route is None or (declared is not None and declared.method != method):
            name = declared.path if declared else scope.get("routed_to") or "(none)"
            return Asked(UNROUTED, method[:20], name, address=address, user_agent=agent)
        if declared is None or declared.audit is None:
            return None
        found = tuple((name, unquote(str(value))) for name, value in scope.get("path_params", {}).items())
        return Asked(declared.audit, method, declared.path, found, address, agent)


class TrailOfRefusals(Trail):
    """The gateway's: what it answered itself. It does not wait for its database, and no app wrote these entries."""

    public = True
