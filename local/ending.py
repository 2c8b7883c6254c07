"""`down`: ask the launcher to end; where it is gone or does not, stop what it recorded."""

import os
import signal
import time
from contextlib import suppress

from .errors import SetupError
from .run_dir import RunDirectory
from .starting import clear_leftovers

_LAUNCHER_TAKES = 90.0  # s at most: every group of processes has its own grace
_LOCK_FOLLOWS = 5.0  # s: a process that ended may hold its files until its last thread has


def down(run: RunDirectory) -> int:
    """Stop everything that was started in this run directory. May be repeated. Raises SetupError."""
    record = run.read_record() if run.path.exists() else None
    if record is None:
        print("Nothing runs.")
        return 0
    if record.launcher_runs:
        _end_launcher(run, record.launcher["pid"])
    lock = _taken(run)
    try:
        clear_leftovers(run)
        run.control_socket.unlink(missing_ok=True)
    finally:
        os.close(lock)
    print("Nothing runs any more." if record.launcher_runs or record.processes else "Nothing runs.")
    return 0


def _taken(run: RunDirectory) -> int:
    """The lock of a launcher that has ended. Raises SetupError if another one took it."""
    deadline = time.monotonic() + _LOCK_FOLLOWS
    while (lock := run.lock()) is None:
        if time.monotonic() > deadline:
            raise SetupError(f"another launcher holds {run.path}: try again")
        time.sleep(0.02)
    return lock


def _end_launcher(run: RunDirectory, pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        os.kill(pid, signal.SIGCONT)
    deadline = time.monotonic() + _LAUNCHER_TAKES
    while time.monotonic() < deadline:
        record = run.read_record()
        if record is None or not record.launcher_runs:
            return
        time.sleep(0.05)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)  # what it leaves is cleared next
