"""The launcher's ear: a socket in the run directory on which other commands ask the running launcher for things."""

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from .errors import SetupError

Handler = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


async def listen(path: Path, handle: Handler) -> asyncio.Server:
    """Answer each connection's one JSON line by one JSON line. Only our own user can connect."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            try:
                answer = await handle(json.loads(await reader.readline()))
            except (SetupError, ValueError, KeyError) as error:
                answer = {"error": str(error)}
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        writer.close()

    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)  # the lock says that its maker is gone
    previous = os.umask(0o077)
    try:
        return await asyncio.start_unix_server(talk, path)
    finally:
        os.umask(previous)


def ask(path: Path, question: dict[str, Any], timeout: float = 60) -> dict[str, Any]:
    """Put a question to the running launcher. Raises SetupError when there is none or it refuses."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(timeout)
            connection.connect(str(path))
            connection.sendall(json.dumps(question).encode() + b"\n")
            with connection.makefile("rb") as file:
                answer: dict[str, Any] = json.loads(file.readline())
    except (FileNotFoundError, ConnectionError):
        raise SetupError("nothing runs here: start it with `make up`") from None
    except (TimeoutError, ValueError):
        raise SetupError(f"the launcher did not answer within {timeout:.0f} s") from None
    if "error" in answer:
        raise SetupError(answer["error"])
    return answer
