"""Ways to break something from outside: signals at recorded pids, and faults of the simulated Airtable. All end."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from ..errors import SetupError
from ..repeating import again_and_again
from ..run_dir import Entry, RunDirectory

_SLICE = 1.5  # s of each stop of a process that is slowed; it runs 20 ms between two


@dataclass(frozen=True)
class Mesh:
    """What is broken: a running mesh and the simulated Airtable's switches (their URL)."""

    run: RunDirectory
    admin: str

    def entries(self) -> list[Entry]:
        return self.run.running().processes

    def pid(self, name: str) -> int | None:
        """The pid of a process that is running now."""
        return next((entry.pid for entry in self.entries() if entry.name == name and entry.runs), None)

    def until_ready(self, within: float = 60) -> None:
        """Return when every process is ready. Raises SetupError with those that are not."""
        until = time.monotonic() + within
        while late := [entry.name for entry in self.entries() if entry.state != "ready"]:
            if time.monotonic() > until:
                raise SetupError(f"not ready after {within:.0f} s: {', '.join(late)}")
            time.sleep(0.05)


@contextlib.contextmanager
def killed(mesh: Mesh, name: str) -> Iterator[None]:
    """Kill it, and again whenever it has come back, until the block ends."""
    with again_and_again(0.02, lambda: _signal(mesh.pid(name), signal.SIGKILL)):
        yield


@contextlib.contextmanager
def frozen(mesh: Mesh, name: str) -> Iterator[None]:
    """Stop it; it goes on when the block ends."""
    pid = mesh.pid(name)
    _signal(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(pid, signal.SIGCONT)


@contextlib.contextmanager
def slowed(mesh: Mesh, name: str) -> Iterator[None]:
    """Let it run for only a moment now and then, as on a machine that others keep busy."""
    pid = mesh.pid(name)

    def turn() -> None:
        _signal(pid, signal.SIGSTOP)
        time.sleep(_SLICE)
        _signal(pid, signal.SIGCONT)

    try:
        with again_and_again(0.02, turn):
            yield
    finally:
        _signal(pid, signal.SIGCONT)


@contextlib.contextmanager
def airtable(mesh: Mesh, **what: Any) -> Iterator[None]:
    """The simulated Airtable misbehaves towards the records that are read."""
    httpx.post(f"{mesh.admin}/faults", json={"method": "GET", "path": "/v0/app", **what}).raise_for_status()
    try:
        yield
    finally:
        httpx.delete(f"{mesh.admin}/faults").raise_for_status()


def _signal(pid: int | None, number: signal.Signals) -> None:
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
