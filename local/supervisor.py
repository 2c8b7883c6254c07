"""Keeps described processes running: starts them when their needs are ready, restarts what dies, records all."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from . import stopping
from .children import Child, Children, StartError
from .log_files import last_words
from .process import Spec
from .run_dir import Entry

REFUSED = 78  # EX_CONFIG: the app will not start with these settings, however often it is tried
FIRST_BACKOFF, LONGEST_BACKOFF = 0.2, 5.0  # s
REFUSED_BACKOFF = 10.0  # s
STEADY = 30.0  # s up after which earlier deaths are forgotten
_ENDED_FROM_OUTSIDE = (-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT)  # what it said last is not the reason
_POLL = 0.05  # s between two questions whether a process is ready


class NotReadyError(Exception):
    """Something did not become ready in time; `names` are the culprits."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(", ".join(names))
        self.names = names


@dataclass
class _Supervised:
    spec: Spec
    entry: Entry
    deaths: int = 0  # since it was last steady
    task: asyncio.Task[None] | None = None
    settled: asyncio.Event = field(default_factory=asyncio.Event)  # ready, or refused its configuration


class Supervisor:
    """All processes of one launcher. `changed` is called with an entry after each change of its state."""

    def __init__(
        self, children: Children, changed: Callable[[Entry], None], secrets: Callable[[], Iterable[str]] = tuple
    ) -> None:
        self._children = children
        self._changed = changed
        self._secrets = secrets
        self._all: dict[str, _Supervised] = {}
        self._something_ready = asyncio.Event()

    @property
    def entries(self) -> list[Entry]:
        return [one.entry for one in self._all.values()]

    def add(self, *specs: Spec) -> None:
        """Supervise these from now on. A name can be added once."""
        for spec in specs:
            if spec.name in self._all:
                raise ValueError(f"{spec.name} is supervised already")
            entry = Entry(
                name=spec.name,
                kind=spec.kind,
                app_id=spec.app_id,
                replica=spec.replica,
                ports=dict(spec.ports),
                grace=spec.grace,
                stop_signal=int(spec.stop_signal),
            )
            one = self._all[spec.name] = _Supervised(spec, entry)
            one.task = asyncio.create_task(self._keep(one), name=f"keep {spec.name}")

    async def until_ready(self, names: Iterable[str], within: float) -> None:
        """Return when all are ready. Raises NotReadyError with those that refused or took too long."""
        wanted = [self._all[name] for name in names]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await asyncio.gather(*(one.settled.wait() for one in wanted))
        if late := [one.spec.name for one in wanted if one.entry.state != "ready"]:
            raise NotReadyError(late)

    async def remove(self, *names: str) -> None:
        """Stop these one after the other, and forget them."""
        removed = [self._all[name] for name in names]
        await self._let_go(removed)
        for one in removed:
            await asyncio.to_thread(stopping.stop_together, [one.entry])
            del self._all[one.spec.name]
            self._enter(one, "stopped")

    async def restart(self, *names: str) -> None:
        """End these gently; what keeps them starts them again."""
        some = [self._all[name] for name in names]
        for one in some:
            one.settled.clear()
            one.deaths = 0
        await asyncio.to_thread(stopping.stop_together, [replace(one.entry) for one in some])

    async def stop(self) -> list[Entry]:
        """Stop everything in order; what could not be stopped."""
        await self._let_go(list(self._all.values()))
        left = await asyncio.to_thread(stopping.stop_all, self.entries)
        for one in self._all.values():
            if one.entry not in left:
                one.entry.pid = one.entry.started = None
                self._enter(one, "stopped")
        return left

    async def _let_go(self, some: Sequence[_Supervised]) -> None:
        tasks = [one.task for one in some if one.task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, one: _Supervised) -> None:
        while True:
            await self._needs_are_ready(one.spec)
            began = time.monotonic()
            code, line = await self._run(one)
            one.deaths = 1 if time.monotonic() - began > STEADY else one.deaths + 1
            if one.spec.kind == "app":
                stopping.end_group(one.entry.pid)
            one.entry.pid = one.entry.started = None
            one.entry.restarts += 1
            one.entry.last_exit = {
                "code": code if code is not None and code >= 0 else None,
                "signal": -code if code is not None and code < 0 else None,
                "at": time.time(),
                "line": line,
            }
            refused = code == REFUSED
            self._enter(one, "failed" if refused else "backoff")
            await asyncio.sleep(REFUSED_BACKOFF if refused else backoff(one.deaths))

    async def _run(self, one: _Supervised) -> tuple[int | None, str | None]:
        """One life of the process: its exit code and its last words."""
        log = self._children.log_of(one.spec.name)
        written_before = log.stat().st_size if log.exists() else 0
        starting = asyncio.ensure_future(self._children.start(one.spec))
        try:
            child = await asyncio.shield(starting)
        except StartError as error:
            return None, str(error)
        except asyncio.CancelledError:  # what is being born must be known, or nobody would stop it
            with contextlib.suppress(StartError):
                child = await starting
                one.entry.pid, one.entry.started = child.pid, child.started
            raise
        one.entry.pid, one.entry.started = child.pid, child.started
        self._enter(one, "starting")
        asking = asyncio.create_task(self._ask(one, child), name=f"ask {one.spec.name}")
        try:
            code = await child.ended
        finally:
            asking.cancel()
        said = None if code in _ENDED_FROM_OUTSIDE else last_words(log, written_before, self._secrets())
        return code, said

    async def _ask(self, one: _Supervised, child: Child) -> None:
        while not await one.spec.ready():  # noqa: ASYNC110 - it is another process that gets ready
            await asyncio.sleep(_POLL)
        if not child.ended.done():
            self._enter(one, "ready")

    async def _needs_are_ready(self, spec: Spec) -> None:
        while not {name for name, one in self._all.items() if one.entry.state == "ready"}.issuperset(spec.needs):
            await self._something_ready.wait()

    def _enter(self, one: _Supervised, state: str) -> None:
        one.entry.state, one.entry.since = state, time.time()
        if state in ("ready", "failed"):
            one.settled.set()
        else:
            one.settled.clear()
        if state == "ready":
            self._something_ready.set()
            self._something_ready = asyncio.Event()
        self._changed(one.entry)


def backoff(deaths: int) -> float:
    """How long to wait (s) after this many deaths in a row: not at all the first time, then doubling to 5 s."""
    return 0.0 if deaths <= 1 else min(FIRST_BACKOFF * 2 ** (deaths - 2), LONGEST_BACKOFF)
