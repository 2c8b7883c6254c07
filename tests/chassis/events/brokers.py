"""The brokers that the events run on, each a real one that a test may kill, trim and write to past every sidecar."""

import asyncio
import contextlib
import itertools
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol

import redis

from local import bus, kafka_server, nats_server
from local.process import Spec
from local.topics import Topics
from tests.chassis.sidecars import free_ports, until

Start = Callable[[str, list[str]], "subprocess.Popen[bytes]"]


class Broker(Protocol):
    """What the suite needs of a broker. `start` also starts a killed one again, on its data."""

    secrets: dict[str, str]

    def component(self, allowed: Topics) -> dict[str, Any]: ...
    async def start(self, start: Start) -> None: ...
    def kill(self) -> None: ...
    async def heard_by(self, app_id: str, topics: Iterable[str]) -> None: ...
    async def held(self, topic: str) -> list[bytes]: ...
    async def add(self, topic: str, body: bytes) -> None: ...
    async def trim(self, topic: str) -> None: ...
    async def lose_everything(self) -> None: ...
    async def stop(self) -> None: ...


class Process:
    """A broker's process."""

    process: "subprocess.Popen[bytes] | None" = None

    async def heard_by(self, app_id: str, topics: Iterable[str]) -> None:
        """Return once what is published reaches the app, whose sidecar says that it is ready."""

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

    def __init__(self, folder: Path, topics: Iterable[str]) -> None:
        (port,) = free_ports(1)
        self._topics = sorted(topics)
        self.secrets = {"nats-url": nats_server.url(port, "pass")}
        nats_server.prepare(folder, port, "pass")
        self._spec = nats_server.spec(folder, port, "pass", topics)

    def component(self, allowed: Topics) -> dict[str, Any]:
        return bus.jetstream(allowed)

    async def start(self, start: Start) -> None:
        self.process = start("nats", list(self._spec.command))
        await until_ready(self._spec)

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
            state = (await client.stream_info(nats_server.stream(topic))).state
            for sequence in range(max(1, state.first_seq), state.last_seq + 1):  # both 0 of an empty one
                with contextlib.suppress(NotFoundError):
                    found.append((await client.get_msg(nats_server.stream(topic), sequence)).data or b"")
        return found

    async def add(self, topic: str, body: bytes) -> None:
        async with self._connected() as client:
            await client.publish(topic, body)

    async def trim(self, topic: str) -> None:
        """As a stream's limits do."""
        async with self._connected() as client:
            await client.purge_stream(nats_server.stream(topic))

    async def lose_everything(self) -> None:
        """But the streams themselves: without them a sidecar can subscribe to nothing."""
        for topic in self._topics:
            await self.trim(topic)


class Kafka(Process):
    """Kafka, with many partitions for each topic: the events of one wait for each other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports = free_ports(2)
        self._partitions = itertools.cycle(range(kafka_server.PARTITIONS))
        self._writer: Any = None
        self.secrets = {
            "kafka-brokers": f"127.0.0.1:{self._ports[0]}",
            "kafka-password": "pass",
        }

    def component(self, allowed: Topics) -> dict[str, Any]:
        return bus.kafka(allowed)

    async def start(self, start: Start) -> None:
        await asyncio.to_thread(kafka_server.prepare, self._folder, *self._ports, "pass")  # and formats what is empty
        spec = kafka_server.spec(self._folder, *self._ports)
        self.process = start("kafka", list(spec.command))
        await until_ready(spec)

    async def heard_by(self, app_id: str, topics: Iterable[str]) -> None:
        """A sidecar is ready before Kafka has given it its partitions."""
        from aiokafka.errors import KafkaError

        async with asyncio.timeout(30), self._administrator() as admin:
            while True:
                with contextlib.suppress(KafkaError):  # it has not asked for any yet
                    (told,) = await admin.describe_consumer_groups([app_id])
                    given = b"".join(bytes(member[-1]) for member in told.groups[0][5])
                    if all(topic.encode() in given for topic in topics):
                        return
                await asyncio.sleep(0.1)

    async def held(self, topic: str) -> list[bytes]:
        found = []
        async with self._reader() as reader:
            ends = await self._ends(reader, topic)
            if not ends:
                return []
            reader.assign(list(ends))
            await reader.seek_to_beginning()
            for partition, end in ends.items():
                while await reader.position(partition) < end:
                    for messages in (await reader.getmany(timeout_ms=100)).values():
                        found += messages
        return [message.value or b"" for message in sorted(found, key=lambda one: one.timestamp)]

    async def add(self, topic: str, body: bytes, partition: int | None = None) -> None:
        """To another partition than the one before went to, if none is given."""
        from aiokafka import AIOKafkaProducer

        if self._writer is None:
            self._writer = AIOKafkaProducer(**self._client, max_request_size=16_000_000)
            await self._writer.start()
        chosen = next(self._partitions) if partition is None else partition
        await self._writer.send_and_wait(topic, body, partition=chosen)

    async def trim(self, topic: str) -> None:
        """As its retention does."""
        from aiokafka.admin import RecordsToDelete

        async with self._reader() as reader:
            ends = await self._ends(reader, topic)
        async with self._administrator() as admin:
            await admin.delete_records({partition: RecordsToDelete(end) for partition, end in ends.items()})

    async def stop(self) -> None:
        if self._writer:
            await self._writer.stop()
        await super().stop()

    async def lose_everything(self) -> None:
        """What apps have read too."""
        self.kill()
        kafka_server.remove(self._folder)

    @property
    def _client(self) -> dict[str, Any]:
        return {
            "bootstrap_servers": self.secrets["kafka-brokers"],
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "PLAIN",
            "sasl_plain_username": kafka_server.USER,
            "sasl_plain_password": "pass",
        }

    @contextlib.asynccontextmanager
    async def _administrator(self) -> Any:
        from aiokafka.admin import AIOKafkaAdminClient

        admin = AIOKafkaAdminClient(**self._client)
        await admin.start()
        try:
            yield admin
        finally:
            await admin.close()

    def _reader(self) -> Any:
        from aiokafka import AIOKafkaConsumer

        return AIOKafkaConsumer(**self._client, max_partition_fetch_bytes=16_000_000)

    async def _ends(self, reader: Any, topic: str) -> dict[Any, int]:
        """Partition → where its next event will be; of a topic that nobody has asked for yet, none."""
        from aiokafka import TopicPartition

        if topic not in await reader.topics():
            return {}
        partitions = [TopicPartition(topic, each) for each in range(kafka_server.PARTITIONS)]
        ends: dict[Any, int] = await reader.end_offsets(partitions)
        return ends


async def until_ready(spec: Spec) -> None:
    async with asyncio.timeout(60):
        while not await spec.ready():  # noqa: ASYNC110  another process has no Event
            await asyncio.sleep(0.05)


async def _ignore(_: Exception) -> None:
    """A broker that is not there yet."""
