"""One GET on 127.0.0.1: all the HTTP the launcher needs, without a client library's start-up time and memory."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes


async def get(port: int, path: str, headers: Mapping[str, str] | None = None, within: float = 0.9) -> Answer | None:
    """The answer, or None when nobody answers in `within` seconds. HTTP/1.0, so bodies come unchunked."""
    lines = [f"GET {path} HTTP/1.0", f"host: 127.0.0.1:{port}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    try:
        async with asyncio.timeout(within):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write("\r\n".join([*lines, "", ""]).encode())
                answer = await reader.read()
            finally:
                writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        return Answer(int(head.split(b" ", 2)[1]), body)
    except (OSError, TimeoutError, ValueError, IndexError):
        return None
