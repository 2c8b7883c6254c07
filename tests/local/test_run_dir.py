"""The run directory has one launcher, and leftovers are told by pid and start time, never by name."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from local.errors import SetupError
from local.run_dir import Entry, Record, RunDirectory, is_running, start_time
from local.starting import clear_leftovers


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    directory = RunDirectory(tmp_path / "run")
    directory.prepare()
    return directory


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process in a group of its own, as the launcher starts them."""
    with subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], start_new_session=True) as process:
        yield process
        process.kill()


def recorded(pid: int, started: float | None) -> Record:
    entry = Entry("one", "app", "one", 0, pid=pid, started=started, state="ready", grace=1.0)
    return Record({"pid": 1, "started": 0.0}, 0, [entry])


def test_a_leftover_is_stopped(run: RunDirectory, stranger: subprocess.Popen[bytes]) -> None:
    run.write_record(recorded(stranger.pid, start_time(stranger.pid)))
    assert clear_leftovers(run) == ["one"]
    assert not is_running(stranger.pid, None)


def test_another_process_that_got_the_same_pid_is_left_alone(
    run: RunDirectory, stranger: subprocess.Popen[bytes]
) -> None:
    run.write_record(recorded(stranger.pid, psutil.Process(stranger.pid).create_time() - 60))
    assert clear_leftovers(run) == []
    assert stranger.poll() is None


def test_a_zombie_does_not_run(stranger: subprocess.Popen[bytes]) -> None:
    started = start_time(stranger.pid)
    stranger.kill()
    os.waitid(os.P_PID, stranger.pid, os.WEXITED | os.WNOWAIT)
    assert not is_running(stranger.pid, started)


def test_a_run_directory_has_one_launcher(run: RunDirectory) -> None:
    lock = run.lock()
    assert lock is not None
    assert run.lock() is None
    os.close(lock)
    again = run.lock()
    assert again is not None
    os.close(again)


def test_a_child_does_not_inherit_the_launchers_lock(run: RunDirectory) -> None:
    lock = run.lock()
    assert lock is not None
    command = [sys.executable, "-c", "print('begun', flush=True); import sys; sys.stdin.read()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=False) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"begun\n"
        os.close(lock)
        again = run.lock()
        assert again is not None
        os.close(again)


def test_the_record_is_readable_by_its_owner_only_and_comes_back_whole(run: RunDirectory) -> None:
    record = recorded(4711, 12.5)
    run.write_record(record)
    path = run.path / "processes.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert run.read_record() == record
    entry = json.loads(path.read_text())["processes"][0]
    promised = "name kind app_id replica pid started state since restarts last_exit ports"
    assert set(promised.split()) <= set(entry)


def test_a_damaged_record_is_said_with_the_remedy(run: RunDirectory) -> None:
    (run.path / "processes.json").write_text("{")
    with pytest.raises(SetupError, match=r"processes\.json cannot be read .* rm "):
        run.read_record()


def test_a_run_directory_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match="cannot be used: Not a directory"):
        RunDirectory(tmp_path / "file" / "run").prepare()


def test_a_deep_run_directory_still_gets_a_socket_short_enough(tmp_path: Path) -> None:
    deep = RunDirectory(tmp_path / ("d" * 120))
    assert len(os.fsencode(deep.control_socket)) < 100
    assert RunDirectory(Path("/a/run")).control_socket == Path("/a/run/control.sock")
