"""NATS with JetStream from its wheel: settings, process, and a stream for each topic."""

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from .credentials import write_private
from .errors import SetupError
from .operating_system import program_environment
from .process import Spec

USER = "platform"
# What is tried while a server is away is the caller's to repeat.
_ONCE = {"allow_reconnect": False, "max_reconnect_attempts": 0, "connect_timeout": 0.9}
_SETTINGS = """\
listen: 127.0.0.1:{port}
authorization {{user: {user}, password: {password}}}
max_payload: 16MB
jetstream {{store_dir: {directory}}}
"""
_REMEDY = (
    "NATS and its client are not among the installed packages: .venv/bin/uv sync --frozen --all-extras --group bus"
)


def url(port: int, password: str) -> str:
    """Where the own server is, user and password included."""
    return f"nats://{USER}:{password}@127.0.0.1:{port}"


def prepare(run_dir: Path, port: int, password: str) -> None:
    """Write the settings, password included, to a file only its owner can read."""
    directory = _directory(run_dir)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = _SETTINGS.format(port=port, user=USER, password=password, directory=json.dumps(str(directory)))
    write_private(directory / "nats.conf", text)


def spec(run_dir: Path, port: int, password: str, topics: Iterable[str]) -> Spec:
    """It is ready once each topic has its stream: without one a sidecar can subscribe to nothing."""
    directory = _directory(run_dir)
    wanted = sorted(topics)

    async def ready() -> bool:
        with contextlib.suppress(SetupError):
            await make_streams(url(port, password), wanted)
            return True
        return False

    return Spec(
        name="nats",
        kind="data",
        command=(str(_program()), "--config", str(directory / "nats.conf")),
        environment=program_environment(directory),
        ports={"nats": port},
        ready=ready,
        working_directory=directory,
    )


async def make_streams(address: str, topics: Iterable[str]) -> None:
    """Give each topic a stream of its own; those that exist stay as they are. Raises SetupError."""
    try:
        import nats
        from nats.errors import Error
        from nats.js.errors import BadRequestError
    except ImportError:
        raise SetupError(_REMEDY) from None

    try:
        client = await nats.connect(address, error_cb=_ignore, **_ONCE)
        try:
            jetstream = client.jetstream(timeout=5)
            for topic in topics:
                with contextlib.suppress(BadRequestError):  # it is there, made otherwise
                    await jetstream.add_stream(name=stream(topic), subjects=[topic], max_msgs=100_000)
        finally:
            await client.close()
    except (TimeoutError, Error, OSError) as error:
        raise SetupError(f"NATS does not serve JetStream: {str(error) or type(error).__name__}") from None


def stream(topic: str) -> str:
    """The name of a topic's stream, which holds no dot."""
    return topic.replace(".", "_")


def remove(run_dir: Path) -> None:
    """Delete its data. It must be stopped."""
    shutil.rmtree(_directory(run_dir), ignore_errors=True)


async def _ignore(_: Exception) -> None:
    """A server that is not there yet."""


def _program() -> Path:
    own = Path(sys.executable).parent / "nats-server"
    if not os.access(own, os.X_OK):
        raise SetupError(_REMEDY)
    return own


def _directory(run_dir: Path) -> Path:
    return run_dir.absolute() / "nats"
