"""A copy of the own PostgreSQL cluster at one moment, and a cluster from such a copy."""

import asyncio
import os
import shutil
import socket
import tarfile
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from . import postgres_server
from .errors import SetupError
from .operating_system import give_to, identity, program_environment, unprivileged_user

_ANSWERS_WITHIN = 60.0  # s; after a restore it first replays what was written during the backup
_POLL = 0.05  # s
BASE, WAL = "base.tar", "pg_wal.tar"


async def copy(run_dir: Path, port: int, password: str, folder: Path) -> None:
    """Write `base.tar` and `pg_wal.tar` of the server at `port` into `folder`. The server goes on meanwhile."""
    process = await asyncio.create_subprocess_exec(
        str(postgres_server.programs() / "pg_basebackup"),
        *("-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-w"),
        *("-D", str(folder), "-F", "tar", "-X", "stream", "--checkpoint=fast", "--no-manifest"),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=STDOUT,
        env={**program_environment(run_dir), "PGPASSWORD": password, "PGSSLMODE": "disable"},
    )
    output, _ = await process.communicate()
    if process.returncode != 0:
        last = output.decode(errors="replace").strip().splitlines()[-2:]
        raise SetupError(f"PostgreSQL could not be copied: {' / '.join(last)}")


async def restore(run_dir: Path, password: str, folder: Path) -> None:
    """Make the run directory's cluster from a copy, and start it once to prove it. There must be none yet."""
    home = postgres_server.claimed_home(run_dir)
    unfinished = home / "data.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    for name, place in ((BASE, unfinished), (WAL, unfinished / "pg_wal")):
        with tarfile.open(folder / name) as tar:
            tar.extractall(place, filter="data")
    user = unprivileged_user()
    for path in (unfinished, *unfinished.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
        give_to(path, user)
    unfinished.rename(home / "data")
    postgres_server.remember_password(home, password)
    async with serving(run_dir, password):
        pass


@asynccontextmanager
async def serving(run_dir: Path, password: str) -> AsyncIterator[int]:
    """The stopped server of the run directory, started for the time of the block; its port."""
    await postgres_server.prepare(run_dir, password)
    port = _free_port()
    spec = postgres_server.spec(run_dir, port, password)
    log = run_dir / "logs" / "postgres.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("ab") as out:
        process = await asyncio.create_subprocess_exec(
            *spec.command,
            stdin=DEVNULL,
            stdout=out,
            stderr=STDOUT,
            env=dict(spec.environment),
            cwd=spec.working_directory,
            start_new_session=True,  # Ctrl-C is for us, who then stop it in its own way
            **identity(spec.user),
        )
    try:
        deadline = time.monotonic() + _ANSWERS_WITHIN
        while not await spec.ready():
            if process.returncode is not None or time.monotonic() > deadline:
                raise SetupError(f"PostgreSQL does not start; its log is {log}")
            await asyncio.sleep(_POLL)
        yield port
    finally:
        if process.returncode is None:
            process.send_signal(spec.stop_signal)
        await process.wait()


def exists(run_dir: Path) -> bool:
    """Whether the run directory has a cluster. Says no for one whose run directory was deleted."""
    return os.path.lexists(run_dir / "postgres") and (run_dir / "postgres" / "data").exists()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
