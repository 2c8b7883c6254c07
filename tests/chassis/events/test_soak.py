"""Changes that were acknowledged, while everything is killed at random and the broker loses its data: none is missing
at any consumer, none happens twice. SOAK_CHANGES says with how many; `make soak` does the like with a whole mesh.
"""

import asyncio
import os
import random
import time
from collections import Counter

import aiohttp
import asyncpg
import pytest
import pytest_asyncio

from chassis.testing import FakeDapr

from .real_bus import APP_TOKEN, READERS, RealBus
from .waiting import until

CHANGES = int(os.environ.get("SOAK_CHANGES", "120"))
SEED = int(os.environ.get("SOAK_SEED", "0")) or random.randrange(1, 10_000)
CLIENTS = 8
OWNER = "note-service"
APPS = (OWNER, *READERS)
CATCH_UP = 90 + CHANGES / 50  # seconds after the last change


@pytest_asyncio.fixture
async def bus(dapr_binaries, broker, tmp_path, new_database):
    async with RealBus(dapr_binaries, broker, tmp_path) as found:
        identity = FakeDapr()
        found.secrets |= identity.secrets
        found.token = identity.token(lifetime=3600)
        for app_id in APPS:
            found.secrets |= {
                f"service-key/{app_id}": identity.service_key(app_id),
                f"database-url/{app_id}": await new_database(app_id),
            }
        found.secrets["identity/service-keys"] = identity.secrets["identity/service-keys"]
        yield found


class Disaster:
    """Kills one thing after the other, each kind as often as any other, in an order of its own."""

    def __init__(self, bus, postgres):
        self.kinds = {
            **{app_id: lambda app_id=app_id: bus.kill_app(app_id) for app_id in APPS},
            **{f"{app_id}'s sidecar": lambda app_id=app_id: bus.kill_sidecar(app_id) for app_id in APPS},
            "the broker": lambda: self._broker(keeps=True),
            "the broker with all its data": lambda: self._broker(keeps=False),
            "PostgreSQL": self._database,
        }
        self._bus, self._postgres = bus, postgres
        self._dice = random.Random(SEED)
        self._order = []
        self.struck = Counter()

    async def strike(self):
        await asyncio.sleep(self._dice.uniform(0, 0.03))
        if not self._order:
            self._order = self._dice.sample(sorted(self.kinds), len(self.kinds))
        kind = self._order.pop()
        await self.kinds[kind]()
        self.struck[kind] += 1

    async def _broker(self, *, keeps):
        if not keeps:
            await self._bus.broker.lose_everything()
        self._bus.broker.kill()
        await asyncio.sleep(self._dice.uniform(0, 0.5))
        await self._bus.start_broker()

    async def _database(self):
        await asyncio.to_thread(self._postgres.kill)
        await asyncio.to_thread(self._postgres.start)


class Clients:
    """Add notes until `wanted` of them were acknowledged; a note without an answer may be there or not."""

    def __init__(self, port, token):
        self._url = f"http://127.0.0.1:{port}/notes"
        self._headers = {
            "dapr-api-token": APP_TOKEN, "authorization": f"Bearer {token}", "x-timeout-ms": "5000"
        }  # fmt: skip
        self.acknowledged, self.unanswered = set(), set()
        self.wanted = 0
        self._number = 0

    async def run(self):
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=6)) as session:
            await asyncio.gather(*(self._client(session) for _ in range(CLIENTS)))

    async def _client(self, session):
        while len(self.acknowledged) < CHANGES:
            if len(self.acknowledged) >= self.wanted:
                await asyncio.sleep(0.01)
                continue
            self._number += 1
            note = f"{self._number:06}"
            try:
                async with session.post(self._url, json={"note": note}, headers=self._headers) as answer:
                    known = self.acknowledged if answer.status == 201 else self.unanswered
            except (aiohttp.ClientError, OSError, TimeoutError):
                known = self.unanswered
            known.add(note)
            if known is self.unanswered:
                await asyncio.sleep(0.1)


async def rows(url, statement):
    try:
        connection = await asyncpg.connect(url)
    except OSError:
        return []
    try:
        return [row[0] for row in await connection.fetch(statement)]
    finally:
        await connection.close()


@pytest.mark.timeout(240 + CHANGES)
async def test_every_acknowledged_change_has_its_effect_once_at_every_consumer_though_everything_dies(bus, postgres):
    disaster = Disaster(bus, postgres)
    strikes = max(len(disaster.kinds), CHANGES // 100)
    began = time.monotonic()
    async with bus.process(OWNER) as port, bus.process(READERS[0]), bus.process(READERS[1]):
        clients = Clients(port, bus.token)
        adding = asyncio.create_task(clients.run())
        for strike in range(1, strikes + 1):  # each in the midst of its share of the changes
            clients.wanted = CHANGES * strike // strikes
            await disaster.strike()
            await until(lambda: len(clients.acknowledged) >= clients.wanted, seconds=60)
        await adding
        added = time.monotonic() - began
        told = set(await until(lambda: rows(bus.secrets[f"database-url/{OWNER}"], "SELECT subject FROM outbox")))
        assert clients.acknowledged <= told <= clients.acknowledged | clients.unanswered

        async def complete(url):
            return set(await rows(url, "SELECT note FROM effects")) == told

        for reader in READERS:
            url = bus.secrets[f"database-url/{reader}"]
            await until(lambda: complete(url), seconds=CATCH_UP)  # noqa: B023
            twice = [note for note, times in Counter(await rows(url, "SELECT note FROM effects")).items() if times > 1]
            assert not twice, f"{reader} did {twice} more than once; seed {SEED}"
    happened = len(told) - len(clients.acknowledged)
    print(
        f"\n{len(clients.acknowledged)} changes acknowledged in {added:.0f} s; "
        f"{len(clients.unanswered)} had no answer, of these {happened} happened. "
        f"Killed {disaster.struck.total()} times (seed {SEED}): "
        f"{', '.join(f'{kind} {times}' for kind, times in sorted(disaster.struck.items()))}. {len(READERS)} consumers "
        f"complete {time.monotonic() - began - added:.0f} s after the last change, nothing twice."
    )
