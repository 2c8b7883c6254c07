"""Ending processes in the right order, by recorded pid and start time: for a launcher's end and for its leftovers."""

import contextlib
import os
import signal
import time
from collections.abc import Iterable, Sequence

from .run_dir import Entry

# Callers first: each group's clients are gone before it is asked to go itself.
ORDER = ("app", "sidecar", "sandbox", "control", "data")
_POLL = 0.02  # s
_LAST_WAIT = 60.0  # s for a process that may not be killed hard


def stop_all(entries: Iterable[Entry]) -> list[Entry]:
    """Stop whatever of these runs, kind after kind; what still runs at the end, which should be nothing."""
    running = [entry for entry in entries if entry.runs]
    for kind in ORDER:
        stop_together([entry for entry in running if entry.kind == kind])
    return [entry for entry in running if entry.runs]


def stop_together(entries: Sequence[Entry]) -> None:
    """Ask all at once, kill those whose grace is over, return when none runs or nothing more may be done."""
    began = time.monotonic()
    for entry in entries:
        _signal(entry, entry.stop_signal)
        _signal(entry, signal.SIGCONT)  # a frozen process hears nothing else
    waiting = [entry for entry in entries if entry.runs]
    killed = set()
    while waiting and time.monotonic() < began + _LAST_WAIT:
        for entry in waiting:
            over = entry.grace is not None and time.monotonic() > began + entry.grace
            if over and entry.name not in killed:
                killed.add(entry.name)
                _signal(entry, signal.SIGKILL)
        time.sleep(_POLL)
        waiting = [entry for entry in waiting if entry.runs]
    for entry in entries:
        if entry.kind in ("app", "sandbox"):
            end_group(entry.pid)


def end_group(pid: int | None) -> None:
    """Kill what an ended app left in its process group; every process of ours leads a group of its own."""
    if pid is not None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def _signal(entry: Entry, number: int) -> None:
    if entry.pid is not None and entry.runs:
        with contextlib.suppress(ProcessLookupError):
            os.kill(entry.pid, number)
