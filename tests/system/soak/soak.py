"""One soak of a running mesh: three clients, strikes spread over their writes, and the verdict."""

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.system.mesh import Mesh
from tests.system.soak import verdict
from tests.system.soak.clients import Client, Ledger, Progress
from tests.system.soak.disaster import Disaster, consumers
from tests.system.soak.verdict import Target

APPENDED = "soak.written.v1"
FIELD = "Name"
TABLE = {"name": "Soak", "fields": [{"name": FIELD, "type": "singleLineText"}]}
EACH = 5.0  # s between two lines of progress


@dataclass(frozen=True)
class Soak:
    """How much, and how long: `catch_up`: seconds in which everything must have come to rest after the last write."""

    writes: int
    kills: int
    outage: int  # writes acknowledged while a consumer is away
    seed: int
    victims: tuple[str, ...] = ()  # empty: every app, sidecar and server of data
    budget: float = 10.0  # s that a request may take
    catch_up: float = 300.0
    seconds: float | None = None  # after which no write is begun any more; the next run goes on

    def run(self, mesh: Mesh, folder: Path, say: Callable[[str], None]) -> bool:
        """Write, kill, judge. Goes on with the ledgers in `folder`; whether everything is done that was asked for.

        Raises Refused, Wrong, Broken or TimeoutError.
        """
        with ExitStack() as open_:
            clients = make_clients(mesh, self.writes, self.budget)
            for client in clients:
                client.ledger = open_.enter_context(Ledger(folder / f"{client.name}.jsonl"))
            made, began = list(clients), time.monotonic()
            disaster = Disaster(mesh, self.seed, folder / "strikes", self.victims)
            asyncio.run(self._torment(mesh, made, disaster, say))
            taken, acknowledged = time.monotonic() - began, Progress(made).acknowledged
            say(f"{acknowledged} writes are acknowledged after {taken:.0f} s; now it must come to rest")
            self._judge(mesh, {client: clients[client] for client in made}, say)
        say(f"in all: {acknowledged} writes, {disaster.struck.total()} kills, {len(disaster.was_away)} outages")
        return acknowledged >= self.writes

    async def _torment(self, mesh: Mesh, clients: list[Client], disaster: Disaster, say: Callable[[str], None]) -> None:
        progress, address = Progress(clients), mesh.address
        reporting = asyncio.create_task(self._report(progress, disaster, say))
        try:
            async with asyncio.TaskGroup() as tasks:
                for client in clients:
                    tasks.create_task(client.work(address.url, address.key))
                try:
                    async with asyncio.timeout(self.seconds) as limit:
                        await self._strike(progress, disaster, say)
                        await progress.until(self.writes)
                except TimeoutError:
                    if not limit.expired():
                        raise
                for client in clients:
                    client.stopped = True
        finally:
            reporting.cancel()
        say(f"killed {disaster.struck.total()} times (seed {self.seed}): {_listed(disaster.struck)}")
        for client in clients:
            say(f"client {client.name} was answered {_listed(client.answered)}")

    async def _strike(self, progress: Progress, disaster: Disaster, say: Callable[[str], None]) -> None:
        """Each strike in the midst of its share of the writes; the outages between them, in the first half."""
        away = consumers()
        outages = {self.kills * (number + 1) // (2 * len(away) + 1): name for number, name in enumerate(away)}
        for number in range(disaster.struck.total(), self.kills):
            await progress.until(self.writes * number // (self.kills + 1))
            if number in outages and outages[number] not in disaster.was_away:
                say(f"{outages[number]} is away for {self.outage} writes, and the bus forgets them")
                await disaster.outage(outages[number], progress, self.outage)
            await disaster.kill()

    async def _report(self, progress: Progress, disaster: Disaster, say: Callable[[str], None]) -> None:
        while True:
            before = progress.acknowledged
            await asyncio.sleep(EACH)
            now = progress.acknowledged
            rate = (now - before) / EACH
            say(f"{now} of {self.writes} writes, {rate:.0f}/s; {disaster.struck.total()} of {self.kills} kills")

    def _judge(self, mesh: Mesh, targets: dict[Client, Target], say: Callable[[str], None]) -> None:
        say(f"every outbox is empty after {verdict.outboxes_drain(mesh, self.catch_up):.1f} s")
        created: set[str] = set()
        for client, target in targets.items():
            if target.table:
                records = verdict.airtable(mesh, target)
                created |= {record for record, name in records.items() if name in client.ledger.attempts}
                verdict.happened_once(client, records.values(), "in Airtable")
            else:
                names = [event["data"]["write"] for event in verdict.events(mesh, type=APPENDED)]
                verdict.happened_once(client, names, "in the event store")
        verdict.told_once(mesh, created, self.catch_up)
        say(f"every effect is there once, and each of {len(created)} records has its one event in the store")
        verified, entries = verdict.entries(mesh)
        verdict.audited_once(targets, entries)
        say(f"every acknowledged write has its one audit entry; the chain of {verified['entries']} entries verifies, "
            f"{verified['signed']} of them signed in {verified['checkpoints']} checkpoints")  # fmt: skip


def make_clients(mesh: Mesh, writes: int, budget: float) -> dict[Client, Target]:
    """One with our routes, one with Airtable's, one that appends events; each with a third of the writes."""
    ours, airtables = tables(mesh)
    third = writes // 3

    def client(name: str, path: str, body: Callable[[str], object], wanted: int) -> Client:
        return Client(name, "POST", path, body, wanted, budget, Ledger(Path()))

    return {
        client(
            "records",
            f"/api/v1/bases/{ours.base}/tables/{ours.table}/records",
            lambda name: {"records": [{"fields": {ours.field: name}}]},
            third,
        ): ours,
        client(
            "airtable",
            f"/v0/{airtables.base}/{airtables.table}",
            lambda name: {"records": [{"fields": {airtables.field: name}}]},
            third,
        ): airtables,
        client(
            "events",
            "/api/v1/events",
            lambda name: {"stream": name.replace(" ", "-"), "events": [{"type": APPENDED, "data": {"write": name}}]},
            writes - 2 * third,
        ): Target(),
    }


def tables(mesh: Mesh) -> list[Target]:
    """A table of the soak's own in each of two bases; an earlier run of it may have made them."""
    client, found = mesh.client(), []
    for base in client.get("/api/v1/bases")["items"][:2]:
        path = f"/api/v1/bases/{base['id']}/tables"
        known = [table["id"] for table in client.get(path)["items"] if table["name"] == TABLE["name"]]
        found.append(Target(base["id"], known[0] if known else client.send("POST", path, json=TABLE)["id"], FIELD))
    return found


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{what} {times}" for what, times in sorted(counts.items()))
