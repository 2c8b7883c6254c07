"""The brokers that the events run on, each a real one that a test may kill, trim and write to past every sidecar."""

import asyncio
import contextlib
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol

import redis

from local import bus
from local.topics import Topics
from tests.chassis.sidecars import free_ports, until

Start = Callable[[str, list[str]], "subprocess.Popen[bytes]"]


class Broker(Protocol):
    """What the suite needs of a broker. `start` also starts a killed one again, on its data."""

    secrets: dict[str, str]

    def component(self, allowed: Topics) -> dict[str, Any]: ...
    async def start(self, start: Start) -> None: ...
    def kill(self) -> None: ...
    async def held(self, topic: str) -> list[bytes]: ...
    async def add(self, topic: str, body: bytes) -> None: ...
    async def trim(self, topic: str) -> None: ...
    async def lose_everything(self) -> None: ...
    async def stop(self) -> None: ...


class Process:
    """A broker's process."""

    process: "subprocess.Popen[bytes] | None" = None

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    async def stop(self) -> None:
        if self.process:
            self.process.terminate()
            await asyncio.to_thread(self.process.wait)


class Valkey(Process):
    """The platform's own bus."""

    def __init__(self, program: Path, folder: Path) -> None:
        self._command = [str(program), str(folder / "valkey.conf")]
        (port,) = free_ports(1)
        (folder / "valkey.conf").write_text(
            f"bind 127.0.0.1\nport {port}\nrequirepass pass\nappendonly yes\nsave ''\ndir {folder}\n"
        )
        self.secrets = {"redis-host": f"127.0.0.1:{port}", "redis-password": "pass"}
        self._client = redis.Redis("127.0.0.1", port, password="pass")

    def component(self, allowed: Topics) -> dict[str, Any]:
        return bus.bus(allowed)

    async def start(self, start: Start) -> None:
        self.process = start("valkey", self._command)
        await until(self._answers)

    def _answers(self) -> bool:
        with contextlib.suppress(redis.ConnectionError):
            return bool(self._client.ping())
        return False

    async def held(self, topic: str) -> list[bytes]:
        return [fields[b"data"] for _, fields in self._client.xrange(topic)]

    async def add(self, topic: str, body: bytes) -> None:
        self._client.xadd(topic, {"data": body})

    async def trim(self, topic: str) -> None:
        """As MAXLEN does, which a topic reaches after a hundred thousand events."""
        self._client.xtrim(topic, maxlen=0, approximate=False)

    async def lose_everything(self) -> None:
        self._client.flushall()

    async def stop(self) -> None:
        self._client.close()
        await super().stop()


class Nats(Process):
    """JetStream, with a stream for each topic."""

    def __init__(self, program: Path, folder: Path, topics: Iterable[str]) -> None:
        (port,) = free_ports(1)
        self._topics = sorted(topics)
        self._command = [str(program), "-c", str(folder / "nats.conf")]
        (folder / "nats.conf").write_text(
            f"listen: 127.0.0.1:{port}\nauthorization {{user: platform, password: pass}}\n"
            f"max_payload: 16MB\njetstream {{store_dir: {folder / 'jetstream'}}}\n"
        )
        self.secrets = {"nats-url": f"nats://platform:pass@127.0.0.1:{port}"}

    def component(self, allowed: Topics) -> dict[str, Any]:
        return bus.jetstream(allowed)

    async def start(self, start: Start) -> None:
        from nats.errors import Error
        from nats.js.errors import ServiceUnavailableError

        self.process = start("nats", self._command)
        async with asyncio.timeout(20):
            while True:
                with contextlib.suppress(Error, OSError, ServiceUnavailableError):
                    async with self._connected() as client:
                        for topic in self._topics:
                            await client.add_stream(name=_stream(topic), subjects=[topic])
                    return
                await asyncio.sleep(0.05)

    @contextlib.asynccontextmanager
    async def _connected(self) -> Any:
        import nats

        client = await nats.connect(self.secrets["nats-url"], allow_reconnect=False, error_cb=_ignore)
        try:
            yield client.jetstream(timeout=10)
        finally:
            await client.close()

    async def held(self, topic: str) -> list[bytes]:
        from nats.js.errors import NotFoundError

        found = []
        async with self._connected() as client:
            state = (await client.stream_info(_stream(topic))).state
            for sequence in range(max(1, state.first_seq), state.last_seq + 1):  # both 0 of an empty one
                with contextlib.suppress(NotFoundError):
                    found.append((await client.get_msg(_stream(topic), sequence)).data or b"")
        return found

    async def add(self, topic: str, body: bytes) -> None:
        async with self._connected() as client:
            await client.publish(topic, body)

    async def trim(self, topic: str) -> None:
        """As a stream's limits do."""
        async with self._connected() as client:
            await client.purge_stream(_stream(topic))

    async def lose_everything(self) -> None:
        """But the streams themselves: without them a sidecar can subscribe to nothing."""
        for topic in self._topics:
            await self.trim(topic)


def _stream(topic: str) -> str:
    return topic.replace(".", "_")  # a stream's name holds no dot


async def _ignore(_: Exception) -> None:
    """A broker that is not there yet."""
