"""A real mesh for tests: its own run dir and ports, driven only by the launcher's commands."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from demo.client import Address, Client
from demo.failure import processes

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Mesh:
    """A started mesh. `offset` is added to every port named in the documentation."""

    run_dir: Path
    offset: int
    root: Path = ROOT
    _clients: list[Client] = field(default_factory=list, repr=False)

    def local(self, *command: str, check: bool = True, env: dict[str, str] | None = None) -> str:
        """Run `python -m local COMMAND` on this mesh; its output, both streams together."""
        done = subprocess.run(
            [sys.executable, "-m", "local", *command, "--run-dir", str(self.run_dir)],
            cwd=self.root,
            env={**os.environ, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )
        assert not check or done.returncode == 0, f"local {command} exited {done.returncode}:\n{done.stdout}"
        return done.stdout

    def up(self, *options: str, env: dict[str, str] | None = None) -> str:
        return self.local("up", "--detach", "--port-offset", str(self.offset), *options, env=env)

    def down(self) -> str:
        return self.local("down")

    @property
    def address(self) -> Address:
        return Address.of(self.run_dir)

    def client(self) -> Client:
        """The test's client; closed with the mesh."""
        if not self._clients:
            self._clients.append(Client(self.address))
        return self._clients[0]

    def close(self) -> None:
        """Close the client; the mesh itself is stopped by `down`."""
        while self._clients:
            self._clients.pop().__exit__()

    def port(self, usual: int) -> int:
        return usual + self.offset

    def record(self) -> dict[str, Any]:
        return json.loads((self.run_dir / "processes.json").read_text())  # type: ignore[no-any-return]

    def processes(self) -> dict[str, dict[str, Any]]:
        return processes(self.run_dir)

    def pids(self) -> list[int]:
        """Every process the launcher has on record, itself included."""
        record = self.record()
        return [record["launcher"]["pid"], *(entry["pid"] for entry in record["processes"] if entry["pid"])]

    def signal(self, name: str, number: signal.Signals) -> float:
        """Send a signal to a process by its recorded pid; the moment (monotonic, s)."""
        os.kill(self.processes()[name]["pid"], number)
        return time.monotonic()


@contextmanager
def fault(mesh: Mesh, **what: object) -> Iterator[None]:
    """The simulated Airtable misbehaves towards reads inside the block."""
    faults = f"{mesh.address.sandbox_admin_url}/faults"
    httpx.post(faults, json={"method": "GET", "path": ".*", **what}).raise_for_status()
    try:
        yield
    finally:
        httpx.delete(faults)


def eventually(holds: Callable[[], object], within: float, what: str) -> float:
    """Ask every 50 ms until `holds`; how long it took (s). An exception counts as "not yet"."""
    started = time.monotonic()
    while time.monotonic() < started + within:
        with suppress(Exception):
            if holds():
                return time.monotonic() - started
        time.sleep(0.05)
    raise AssertionError(f"not within {within} s: {what}")


def run(*command: str | Path, cwd: Path) -> str:
    """Run a program to its end; its standard output. Fails the test with everything it said if it failed."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{command[0]} exited {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def gone(pids: list[int]) -> bool:
    """No process of `pids` runs any more (a zombie has ended)."""
    return not [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE]
