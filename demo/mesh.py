"""The mesh a demonstration needs: the one that runs already, or one of its own that goes again."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo.client import Address, Client


class NotStarted(Exception):
    """The launcher has said why."""


@contextmanager
def started(run_dir: Path, offset: int = 0, *, keep: bool = False) -> Iterator[bool]:
    """A mesh that answers; whether it was started for this. Raises NotStarted."""
    here = not _running(run_dir)
    if here:
        began = time.monotonic()
        if _launcher(run_dir, "up", "--detach", "--port-offset", str(offset)):
            raise NotStarted
        print(f"The mesh is up after {time.monotonic() - began:.1f} s.\n")
    try:
        yield here
    finally:
        if here and not keep:
            _launcher(run_dir, "down")


def _launcher(run_dir: Path, *command: str) -> int:
    run = [sys.executable, "-m", "local", *command, "--run-dir", str(run_dir)]
    return subprocess.run(run, check=False).returncode  # noqa: S603


def _running(run_dir: Path) -> bool:
    try:
        with Client(Address.of(run_dir), timeout=2) as client:
            client.get("/healthz")
    except Exception:  # whatever is wrong, the launcher will say it better
        return False
    return True
