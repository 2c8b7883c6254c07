"""What is put is taken away again, whatever happens in between."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import psutil
import pytest

from local.drill import injecting
from local.drill.injecting import Mesh
from local.errors import SetupError
from local.run_dir import Entry, Record, RunDirectory, start_time

Put = Callable[[Mesh, str], AbstractContextManager[None]]


@pytest.fixture
def victim() -> Iterator[psutil.Process]:
    """A process that only waits."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        yield psutil.Process(child.pid)
        child.kill()


@pytest.fixture
def mesh(tmp_path: Path, victim: psutil.Process) -> Mesh:
    run = RunDirectory(tmp_path / "run")
    run.prepare()
    launcher = {"pid": os.getpid(), "started": start_time(os.getpid())}
    entry = Entry("note", "app", "note", 0, pid=victim.pid, started=start_time(victim.pid), state="ready")
    run.write_record(Record(launcher, 0, [entry]))
    return Mesh(run, "http://127.0.0.1:9")


def eventually(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.parametrize("put", [injecting.frozen, injecting.slowed])
def test_a_stopped_process_goes_on_though_the_block_fails(mesh: Mesh, victim: psutil.Process, put: Put) -> None:
    def interrupted() -> None:
        with put(mesh, "note"):
            eventually(lambda: victim.status() == psutil.STATUS_STOPPED)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    eventually(lambda: victim.status() != psutil.STATUS_STOPPED)
    assert victim.is_running()


def test_a_killed_process_is_gone_and_an_unknown_one_hurts_nobody(mesh: Mesh, victim: psutil.Process) -> None:
    with injecting.killed(mesh, "other"):
        assert victim.status() != psutil.STATUS_ZOMBIE
    with injecting.killed(mesh, "note"):
        eventually(lambda: victim.status() == psutil.STATUS_ZOMBIE)
    assert mesh.pid("note") is None


def test_nothing_is_broken_where_nothing_runs(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="nothing runs here"):
        Mesh(RunDirectory(tmp_path), "http://127.0.0.1:9").until_ready()
