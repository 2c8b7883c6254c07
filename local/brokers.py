"""Who serves the bus on this machine, and what daprd must have built in: told by the one file components/bus.yaml.

`NATS_URL` and `KAFKA_BROKERS` with `KAFKA_PASSWORD` name servers that run elsewhere.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from . import dapr_binaries, kafka_server, nats_server
from .credentials import KAFKA_BROKERS, KAFKA_PASSWORD, NATS_URL, Credentials
from .errors import SetupError
from .process import Spec

NATS_PORT = 16222
OWN_SERVERS = ("nats", "kafka")
KAFKA_PORT, KAFKA_CONTROLLER_PORT = 16192, 16193


@dataclass(frozen=True)
class Bus:
    """The component: Dapr's word for its kind, such as pubsub.redis, and every topic it names."""

    kind: str
    topics: frozenset[str]

    @classmethod
    def read(cls, root: Path) -> "Bus":
        """Raises SetupError for a file that is not one component."""
        path = root / "components" / "bus.yaml"
        try:
            spec = yaml.safe_load(path.read_text(encoding="utf-8"))["spec"]
            scopes = [item["value"] for item in spec["metadata"] if item["name"].endswith("Scopes")]
            allowed = [topics for scope in scopes for _, _, topics in (app.partition("=") for app in scope.split(";"))]
            topics = frozenset(topic for each in allowed for topic in each.split(",") if topic)
            return cls(str(spec["type"]), topics)
        except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
            raise SetupError(f"{path} is no Dapr component: {error!r}. Write it anew: make configure") from None

    @property
    def dapr_components(self) -> list[str]:
        """What daprd is built with: the slim set, and only for another bus more."""
        name = self.kind.replace(".", "_")
        if name in dapr_binaries.SLIM:
            return list(dapr_binaries.SLIM)
        others = dapr_binaries.OTHER_BUSES
        return [*dapr_binaries.SLIM, *(others if name in others else [name])]

    def own_server(
        self, run_dir: Path, offset: int, credentials: Credentials, environment: Mapping[str, str]
    ) -> list[Spec]:
        """The server to start: none where the data tier's Valkey is the bus, and none that a URL replaces."""
        if self.kind == "pubsub.jetstream" and not environment.get("NATS_URL"):
            return [nats_server.spec(run_dir, NATS_PORT + offset, credentials.bus_password, self.topics)]
        if self.kind == "pubsub.kafka" and not environment.get("KAFKA_BROKERS"):
            return [kafka_server.spec(run_dir, KAFKA_PORT + offset, KAFKA_CONTROLLER_PORT + offset)]
        return []

    async def prepare(
        self, run_dir: Path, offset: int, credentials: Credentials, environment: Mapping[str, str]
    ) -> None:
        """Write what the server needs to start and the sidecars to find it. May be repeated. Raises SetupError."""
        password = credentials.bus_password
        if self.kind == "pubsub.jetstream":
            given = environment.get("NATS_URL")
            if given:
                await nats_server.make_streams(given, sorted(self.topics))
            else:
                nats_server.prepare(run_dir, NATS_PORT + offset, password)
            credentials.set({NATS_URL: given or nats_server.url(NATS_PORT + offset, password)})
        if self.kind == "pubsub.kafka":
            given = environment.get("KAFKA_BROKERS")
            if not given:
                ports = KAFKA_PORT + offset, KAFKA_CONTROLLER_PORT + offset
                await asyncio.to_thread(kafka_server.prepare, run_dir, *ports, password)
            credentials.set({
                KAFKA_BROKERS: given or f"127.0.0.1:{KAFKA_PORT + offset}",
                KAFKA_PASSWORD: environment.get("KAFKA_PASSWORD", "") if given else password,
            })  # fmt: skip


def remove(run_dir: Path) -> None:
    """Delete the data of the own servers. They must be stopped."""
    nats_server.remove(run_dir)
    kafka_server.remove(run_dir)
