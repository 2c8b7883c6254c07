"""Starts what a Spec describes as the launcher does, and asks the servers of a run directory."""

import asyncio
import os
import random
import socket
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import asyncpg
import psutil
import redis

from local import control_plane, data_tier
from local.credentials import Credentials
from local.operating_system import identity
from local.ports import DAPR_HTTP, TELEMETRY
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


MESHES = (9_000, 14_000)  # offsets in test_doctor.py and test_doctor_mesh.py


def free_offset() -> int:
    """An offset at which none of the data tier's and control plane's ports is taken; no launcher uses these.

    Tests that run side by side choose from different hundreds: between the look and the use somebody else could come.
    """
    beside = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 8
    wanted = [data_tier.VALKEY_PORT, data_tier.POSTGRES_PORT]
    for ports in (control_plane.SENTRY_PORTS, control_plane.PLACEMENT_PORTS, control_plane.SCHEDULER_PORTS):
        wanted.extend(ports.values())
    while True:
        offset = 1000 * random.randrange(1, 14) + 100 * (1 + beside) + random.randrange(100)
        if all(_is_free(port + offset) and not _is_of_a_mesh(port + offset) for port in wanted):
            return offset


def _is_of_a_mesh(port: int) -> bool:
    """Whether an app or sidecar of a mesh that a test starts, or looks at, beside these will want it."""
    apps, beside_them = range(8_000, 8_200), range(8_000 + DAPR_HTTP, 8_200 + TELEMETRY)
    return any(port - offset in apps or port - offset in beside_them for offset in MESHES)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def command_lines(pids: Iterable[int]) -> str:
    """Everything that other users can read of these processes and their children."""
    texts = []
    for pid in pids:
        process = psutil.Process(pid)
        for one in [process, *process.children(recursive=True)]:
            texts.append(" ".join(one.cmdline()))
    return "\n".join(texts)


APPS = ["api-gateway", "airtable-connector"]


@dataclass
class Tier:
    """One run directory with its servers, the way a launcher uses it."""

    run_dir: Path
    offset: int
    credentials: Credentials

    def prepare(self, environment: dict[str, str] | None = None) -> None:
        asyncio.run(data_tier.prepare(self.run_dir, self.offset, self.credentials, APPS, environment or {}))

    def after_start(self, environment: dict[str, str] | None = None, apps: list[str] = APPS) -> None:
        asyncio.run(data_tier.after_start(self.run_dir, self.offset, self.credentials, apps, environment or {}))

    @property
    def valkey(self):
        return data_tier.valkey(self.run_dir, self.offset, self.credentials)

    @property
    def postgres(self):
        return data_tier.postgres(self.run_dir, self.offset, self.credentials)

    @property
    def administrator(self) -> str:
        port = data_tier.POSTGRES_PORT + self.offset
        return f"postgresql://postgres:{self.credentials.postgres_password}@127.0.0.1:{port}/postgres"

    def client(self) -> redis.Redis:
        host, _, port = self.credentials.redis_host.partition(":")
        return redis.Redis(host, int(port), password=self.credentials.redis_password, socket_timeout=5)


def query(url: str, statement: str) -> object:
    async def ask() -> object:
        connection = await asyncpg.connect(url, timeout=5)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(ask())
