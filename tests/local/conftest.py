"""Starts what a Spec describes as the launcher does, on free ports, and stops it after the test."""

import asyncio
import random
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO

import pytest

from local import control_plane, data_tier
from local.operating_system import identity
from local.process import Spec


class Running:
    """One started process; its output is kept in a file."""

    def __init__(self, spec: Spec, log: Path) -> None:
        self.spec = spec
        self.log = log
        self._file: IO[bytes] = log.open("wb")
        self.process = subprocess.Popen(
            spec.command,
            env=dict(spec.environment),
            cwd=spec.working_directory,
            stdout=self._file,
            stderr=subprocess.STDOUT,
            **identity(spec.user),
        )

    def until_ready(self, seconds: float = 20) -> "Running":
        deadline = time.monotonic() + seconds
        while not asyncio.run(self.spec.ready()):
            assert time.monotonic() < deadline, f"not ready: {self.log.read_text()[-2000:]}"
            try:
                self.process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(f"ended: {self.log.read_text()[-2000:]}")
        return self

    def stop(self, seconds: float = 20) -> int:
        """The exit code after the Spec's own stop signal."""
        if self.process.poll() is None:
            self.process.send_signal(self.spec.stop_signal)
        code = self.process.wait(seconds)
        self._file.close()
        return code

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(5)


Start = Callable[[Spec], Running]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Running] = []

    def start_one(spec: Spec) -> Running:
        running = Running(spec, tmp_path / f"{spec.name}-{len(started)}.log")
        started.append(running)
        return running.until_ready()

    yield start_one
    for running in reversed(started):
        running.stop()


def free_offset() -> int:
    """An offset at which none of the data tier's and control plane's ports is taken; no launcher uses these."""
    wanted = [data_tier.VALKEY_PORT, data_tier.POSTGRES_PORT]
    for ports in (control_plane.SENTRY_PORTS, control_plane.PLACEMENT_PORTS, control_plane.SCHEDULER_PORTS):
        wanted.extend(ports.values())
    while True:
        offset = 1000 * random.randrange(1, 14) + random.randrange(100, 900)
        if all(_is_free(port + offset) for port in wanted):
            return offset


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


@pytest.fixture
def offset() -> int:
    return free_offset()


@pytest.fixture
def run_dir(tmp_path: Path) -> Iterator[Path]:
    directory = tmp_path / "run"
    yield directory
    if directory.exists():
        data_tier.remove(directory)
        shutil.rmtree(directory)


def command_lines(pids: Iterable[int]) -> str:
    """Everything that other users can read of these processes and their children."""
    import psutil

    texts = []
    for pid in pids:
        process = psutil.Process(pid)
        for one in [process, *process.children(recursive=True)]:
            texts.append(" ".join(one.cmdline()))
    return "\n".join(texts)
