"""Ways to break something from outside: signals at recorded pids, and faults of the simulated Airtable. All end."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import psutil

from ..blast.ground import connect
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
def frozen_server(mesh: Mesh, name: str) -> Iterator[None]:
    """Stop it with every process it made, as a server whose disk does not answer."""
    parent = psutil.Process(mesh.pid(name))
    some = [parent, *parent.children(recursive=True)]
    for one in some:
        _signal(one.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for one in some:
            _signal(one.pid, signal.SIGCONT)


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
def limited(mesh: Mesh, name: str) -> Iterator[None]:
    """It has all the files and connections open that it may have, as after a leak of them."""
    process = psutil.Process(mesh.pid(name))
    before = process.rlimit(psutil.RLIMIT_NOFILE)
    process.rlimit(psutil.RLIMIT_NOFILE, (process.num_fds(), before[1]))
    try:
        yield
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.rlimit(psutil.RLIMIT_NOFILE, before)


@contextlib.contextmanager
def crowded(mesh: Mesh, callers: int) -> Iterator[None]:
    """Others read the first base past the cache, as fast as they are answered."""
    with connect(mesh.run) as client:
        base = client.get("/api/v1/bases").raise_for_status().json()["items"][0]["id"]
        table = client.get(f"/api/v1/bases/{base}/tables").raise_for_status().json()["items"][0]["id"]
    path = f"/api/v1/bases/{base}/tables/{table}/records?page_size=1"
    ended = threading.Event()

    def ask() -> None:
        with connect(mesh.run) as client:
            while not ended.is_set():
                with contextlib.suppress(httpx.HTTPError):
                    client.get(path, headers={"cache-control": "no-store", "x-timeout-ms": "4000"})

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(callers)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()


@contextlib.contextmanager
def airtable(mesh: Mesh, **what: Any) -> Iterator[None]:
    """The simulated Airtable misbehaves towards the records that are read."""
    httpx.post(f"{mesh.admin}/faults", json={"method": "GET", "path": "/v0/app", **what}).raise_for_status()
    try:
        yield
    finally:
        httpx.delete(f"{mesh.admin}/faults").raise_for_status()


def kill(pid: int | None) -> None:
    _signal(pid, signal.SIGKILL)


def _signal(pid: int | None, number: signal.Signals) -> None:
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
