"""Writes with keys, repeated, at once, with other bodies and lost answers, in any order: none is done twice."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from chassis.testing import AppClient, FakeDapr
from chassis.testing._client import Reply
from tests.airtable_connector.place import Place
from tests.airtable_connector.test_lost_answers import look, lose

KEYS = st.sampled_from(["k1", "k2", "k3"])
LOST = st.sampled_from([None, None, "drop-after", "drop-before"])
WAITS = {"request.under-way"}  # what a repeat may be told instead of the first answer


@pytest.fixture
def extra() -> dict[str, Any]:
    return {"before_images": "always"}


class Repeating:
    """The connector, and what is known of each key: the body it stands for, its answer, whether Airtable did it."""

    def __init__(self, client: AppClient, place: Place, dapr: FakeDapr, database: str) -> None:
        self.client, self.place, self.dapr, self.database = client, place, dapr, database

    async def reset(self) -> None:
        self.place.sandbox.reset(None)
        self.place.base = self.place.sandbox.bases[self.place.base.id]
        self.bodies: dict[str, str] = {}
        self.answers: dict[str, bytes] = {}
        connection = await asyncpg.connect(self.database)
        await connection.execute("TRUNCATE operations, idempotency, audit_outbox CASCADE")
        await connection.close()

    def made(self, name: str) -> int:
        table = next(iter(self.place.base.tables.values()))
        primary = next(iter(table.fields))
        return sum(record.cells.get(primary) == name for record in table.records.values())

    async def send(self, key: str, name: str, kind: str | None, times: int) -> None:
        """The same request so many times at once, the answer of one of them lost as `kind` says."""
        if kind:
            lose(self.place, "POST", kind)
        answered = key in self.answers
        request = {"json": {"records": [{"fields": {"Name": name}}]}, "headers": {"idempotency-key": key}}
        got = await asyncio.gather(*(self.client.post(self.place.records, **request) for _ in range(times)))
        self.place.sandbox.faults.clear()
        for answer in got:
            self._judge(key, name, answer, lost=kind is not None, answered=answered)
        assert self.made(name) <= 1

    def _judge(self, key: str, name: str, answer: Reply, *, lost: bool, answered: bool) -> None:
        if answer.status == 201:
            assert self.bodies.setdefault(key, name) == name, "a key was taken for another body"
            assert self.answers.setdefault(key, answer.body) == answer.body, "the second answer is another"
            assert self.made(name) == 1
            return
        code = answer.problem[0]
        if code == "request.key-reused":
            assert self.bodies[key] != name
        elif code == "airtable.write-unknown":
            assert lost
            assert self.bodies.setdefault(key, name) == name
        else:
            assert code in WAITS, answer.body
            assert self.bodies.setdefault(key, name) == name
            assert not answered, "the answer was there and is not given again"

    async def settle(self) -> None:
        """Whoever looks for lost answers has found them; what was not done may be done with the same key."""
        await look(self.client)
        connection = await asyncpg.connect(self.database)
        await connection.execute("UPDATE audit_outbox SET held_until = now() WHERE held_until IS NOT NULL")
        await connection.close()
        assert (await self.client.post("/job/settle-audit-entries", headers=self.dapr.headers())).status == 200
        for key, name in list(self.bodies.items()):
            if not self.made(name):
                del self.bodies[key]


def machine(repeating: Repeating, loop: asyncio.AbstractEventLoop) -> type[RuleBasedStateMachine]:
    def do(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(60)

    class Repeats(RuleBasedStateMachine):
        @initialize()
        def begin(self) -> None:
            do(repeating.reset())

        @rule(key=KEYS, other=st.booleans(), kind=LOST, times=st.sampled_from([1, 1, 2, 4]))
        def write(self, key: str, other: bool, kind: str | None, times: int) -> None:
            do(repeating.send(key, f"{key} {'other' if other else 'one'}", kind, times))

        @rule()
        def settle(self) -> None:
            do(repeating.settle())

        def teardown(self) -> None:
            do(repeating.settle())
            for key, name in list(repeating.bodies.items()):
                do(repeating.send(key, name, None, 1))
                assert repeating.made(name) == 1

    return Repeats


async def test_a_key_stands_for_one_write_however_often_and_in_whatever_order_it_comes(
    client: AppClient, place: Place, dapr: FakeDapr, database: str
) -> None:
    repeating = Repeating(client, place, dapr, database)
    found = machine(repeating, asyncio.get_running_loop())
    rules = settings(
        max_examples=15,
        stateful_step_count=12,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        phases=[Phase.explicit, Phase.generate],  # to shrink takes longer than the token of the test lives
    )
    await asyncio.to_thread(run_state_machine_as_test, found, settings=rules)
