"""Kill one component after the other while all journeys are walked; the next one only when all is well again."""

import os
import signal
import time
from collections.abc import Callable, Sequence

from ..errors import SetupError
from ..run_dir import RunDirectory
from .ground import Ground, connect, prepare
from .journeys import JOURNEYS
from .load import Load
from .matrix import Row, empty, tally

_WATCHED = 3.0  # s after each kill at least
_LONGEST = 60.0  # s until all is well again, else the row says "never"
_FORGETS = "airtable-sandbox"  # unlike Airtable itself; its tables are in memory
_KINDS = ("app", "sidecar", "data", "control", "sandbox")


def components(run: RunDirectory, wanted: Sequence[str]) -> list[str]:
    """The names of what will be killed, apps first; all when none is wanted. Raises SetupError for an unknown one."""
    entries = sorted(run.running().processes, key=lambda entry: (_KINDS.index(entry.kind), entry.name))
    names = [entry.name for entry in entries if entry.name != "zygote"]  # no cluster has one
    if unknown := set(wanted) - set(names):
        raise SetupError(f"no such component: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    return [name for name in names if not wanted or name in wanted]


def kill_each(run: RunDirectory, names: Sequence[str], times: int, say: Callable[[str], None]) -> list[Row]:
    """One row for each of `names`; at Ctrl-C those measured so far. The launcher restarts what was killed."""
    rows: list[Row] = []
    with connect(run) as client:
        ground = prepare(client)
    with Load(JOURNEYS, lambda: connect(run), ground) as load:
        try:
            _until_well(run, load, time.monotonic())
            for number, name in enumerate(names, 1):
                row = empty(name, JOURNEYS)
                for _ in range(times):
                    killed = _kill(run, name)
                    if name == _FORGETS:
                        load.ground = _anew(run)
                    until = _until_well(run, load, killed)
                    tally(row, list(load.walks), killed, until)
                rows.append(row)
                took = "never" if row.recovery is None else f"{row.recovery:.1f} s"
                say(f"{number:3} of {len(names)}  {name:32} {row.share(JOURNEYS):4.0%} failed  recovered: {took}")
        except KeyboardInterrupt:
            say("stopped; the launcher restarts what was killed")
    return rows


def _kill(run: RunDirectory, name: str) -> float:
    (entry,) = [entry for entry in run.running().processes if entry.name == name]
    if entry.pid is None or not entry.runs:
        raise SetupError(f"{name} does not run")
    os.kill(entry.pid, signal.SIGKILL)
    return time.monotonic()


def _anew(run: RunDirectory) -> Ground:
    """Another ground, made as soon as the mesh can."""
    until = time.monotonic() + _LONGEST
    while True:
        try:
            with connect(run) as client:
                return prepare(client)
        except SetupError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def _until_well(run: RunDirectory, load: Load, since: float) -> float:
    """When every process was ready and each journey had gone well twice after that, or time was up."""
    ready: float | None = None
    while (now := time.monotonic()) < since + _LONGEST:
        time.sleep(0.1)
        if not all(entry.state == "ready" for entry in run.running().processes):
            ready = None
            continue
        ready = ready or now
        if now > since + _WATCHED and all(_went_well(load, one.name, ready) for one in JOURNEYS):
            break
    return time.monotonic()


def _went_well(load: Load, journey: str, since: float) -> bool:
    last = [walk for walk in list(load.walks) if walk.journey == journey and walk.began >= since][-2:]
    return len(last) == 2 and all(walk.wrong is None for walk in last)
