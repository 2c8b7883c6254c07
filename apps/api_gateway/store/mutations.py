"""Counting what may change something, so that a killed gateway has counted all that it answered."""

import asyncio
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from apps.api_gateway.domain import count
from apps.api_gateway.settings import Settings
from chassis import Context, Log, TrailOfRefusals
from contracts.audit_service import Settled

LARGEST_FILE = 64 * 1024 * 1024  # bytes; what comes then is not counted, and reconciling tells so


class Mutations:
    """A line before a request goes on and one before its answer goes out, in a file that outlives the process; moved
    into the audit trail every few seconds. Not fsynced: a machine that loses its power loses the last second of it.
    """

    def __init__(self, settings: Settings, trail: TrailOfRefusals, log: Log) -> None:
        self._trail, self._log = trail, log
        self._every = settings.count_every
        self._own_folder = None if settings.platform_run_dir else tempfile.mkdtemp(prefix="api-gateway-count-")
        folder = Path(self._own_folder or settings.platform_run_dir) / "audit"
        self._file = folder / f"api-gateway-{settings.app_port}.count"
        self._moving = self._file.with_suffix(".counted")
        self._size = 0
        self._open: dict[str, bytes] = {}
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        await self._move()  # what was rotated before the last process died; its own file is then no longer of this one
        self._rotate()
        await self._move()
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()  # what it was moving is moved again
        if self._own_folder:
            await self.move()  # otherwise the next process does
            await asyncio.to_thread(shutil.rmtree, self._own_folder, ignore_errors=True)

    def begin(self, context: Context, app: str) -> None:
        """Before the running request goes on to `app`."""
        assert context.principal is not None
        line = count.begun(context.span_id, time.time(), context.principal.tenant, app, context.request_id)
        self._open[context.span_id] = line
        self._write(line)

    def settle(self, context: Context, service: str, how: Settled) -> None:
        """Before the answer goes out: which service has to have an entry of it. The first word counts."""
        if self._open.pop(context.span_id, None) is not None:
            self._write(count.ended(context.span_id, service, how))

    async def move(self) -> None:
        """What was counted so far goes into the trail."""
        self._rotate()
        await self._move()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            if not self._size and not self._moving.exists():
                continue
            try:
                await self.move()
            except OSError as problem:
                self._log.error("the count of changes waits in its file", problem=str(problem))

    def _rotate(self) -> None:
        """A new file, which begins with what is under way; the old one is moved next. Nothing may come in between."""
        if self._moving.exists():
            return
        if self._file.exists():
            self._file.rename(self._moving)
        self._size = 0
        self._write(b"".join(self._open.values()))

    async def _move(self) -> None:
        if not self._moving.exists():
            return
        lines = await asyncio.to_thread(self._moving.read_bytes)
        again = await asyncio.to_thread(self._file.read_bytes) if self._file.exists() else b""
        found = await asyncio.to_thread(lambda: list(count.entries(lines, count.keys(again), datetime.now(UTC))))
        for entry in found:
            self._trail.spool(entry)
        self._moving.unlink(missing_ok=True)

    def _write(self, lines: bytes) -> None:
        self._size += len(lines)
        if self._size > LARGEST_FILE:
            self._log.error("a change is not counted", problem=f"the file has {LARGEST_FILE} bytes, which is the end")
            return
        try:
            with self._file.open("ab") as file:
                file.write(lines)
        except OSError as problem:
            self._log.error("a change is not counted", problem=str(problem))
