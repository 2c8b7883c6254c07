"""What befalls the platform: kills of everything in turn, and an outage of each consumer longer than the bus keeps."""

import asyncio
import json
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import redis
import yaml

from local.credentials import Credentials
from tests.system.mesh import ROOT, Mesh
from tests.system.soak.clients import Progress

KINDS = ("app", "sidecar", "data")
AUDIT = "audit-service"  # takes entries by invocation: its bus is every app's audit outbox
ALIVE_WITHIN = 60.0  # s


def consumers() -> list[str]:
    """The apps that hear something on the bus, and the one that takes the audit entries."""
    bus = yaml.safe_load((ROOT / "components" / "bus.yaml").read_text())
    told = {item["name"]: item.get("value", "") for item in bus["spec"]["metadata"]}
    scopes = dict(each.partition("=")[::2] for each in told["subscriptionScopes"].split(";"))
    return sorted([*(app for app, topics in scopes.items() if topics and _is_ours(app)), AUDIT])


def _is_ours(app: str) -> bool:
    return (ROOT / "apps" / app.replace("-", "_")).is_dir()


class Disaster:
    """Strikes one after the other, each victim as often as any other, in an order of its own.

    `book` has a line for each strike and each outage that came to its end: an earlier run's count too.
    """

    def __init__(self, mesh: Mesh, seed: int, book: Path, victims: tuple[str, ...] = ()) -> None:
        running = (name for name, each in mesh.processes().items() if each["kind"] in KINDS)
        self._victims = sorted(victims or running)
        self._mesh, self._book = mesh, book
        done = [json.loads(line) for line in book.read_text().splitlines()] if book.exists() else []
        self.struck = Counter(name for what, name in done if what == "killed")
        self.was_away = {name for what, name in done if what == "away"}
        self._dice = random.Random(seed + self.struck.total())

    async def kill(self) -> None:
        """SIGKILL the next victim, once it runs."""
        least = min(self.struck[name] for name in self._victims)
        name = self._dice.choice([name for name in self._victims if self.struck[name] == least])
        await asyncio.sleep(self._dice.uniform(0, 0.05))
        os.kill(await self._pid(name), signal.SIGKILL)
        self.struck[name] += 1
        self._note("killed", name)

    async def outage(self, consumer: str, progress: Progress, writes: int) -> None:
        """Freeze it until so many more writes are acknowledged, and until the bus has none of their events left."""
        pid = await self._pid(consumer)
        os.kill(pid, signal.SIGSTOP)
        try:
            await progress.until(progress.acknowledged + writes)
            await asyncio.to_thread(self._empty_the_bus)
        finally:
            os.kill(pid, signal.SIGCONT)
        self.was_away.add(consumer)
        self._note("away", consumer)

    def _note(self, what: str, name: str) -> None:
        with self._book.open("a") as book:
            book.write(json.dumps([what, name]) + "\n")

    async def _pid(self, name: str) -> int:
        deadline = time.monotonic() + ALIVE_WITHIN
        while time.monotonic() < deadline:
            process = self._mesh.processes()[name]
            if process["state"] == "ready":
                return int(process["pid"])
            await asyncio.sleep(0.05)
        raise TimeoutError(f"{name} is not ready again {ALIVE_WITHIN:.0f} s after it was killed")

    def _empty_the_bus(self) -> None:
        """What every stream does to its oldest events when it is full, done to all of them."""
        deadline = time.monotonic() + ALIVE_WITHIN
        while True:
            try:
                return empty_streams(self._mesh.run_dir)
            except redis.RedisError:  # it was killed a moment ago
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)


def empty_streams(run_dir: Path) -> None:
    credentials = Credentials.load_or_create(run_dir)
    host, _, port = credentials.redis_host.rpartition(":")
    with redis.Redis(host=host, port=int(port), password=credentials.redis_password) as valkey:
        for stream in valkey.scan_iter(_type="STREAM"):
            valkey.xtrim(stream, maxlen=0, approximate=False)
