"""Writes with keys, repeated, at once, with other bodies, lost answers and a replica that dies, in any order: none is
done twice, and each gets its answer in the end."""

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
from sandbox.airtable.embedded import Running
from tests.airtable_connector.mortal import Mortal, mortal
from tests.airtable_connector.place import Place
from tests.airtable_connector.test_lost_answers import look, lose

BATCHES = {"k4", "k5"}  # these keys' requests take two calls, and may end between them
KEYS = st.sampled_from(["k1", "k2", "k3", *sorted(BATCHES)])
KILLED = {"killed": 1, "killed after two": 2}  # how many calls Airtable has done by then
LOST = st.sampled_from([None, "drop-after", "drop-before", "killed", *KILLED])


@pytest.fixture
def extra() -> dict[str, Any]:
    return {"before_images": "always"}


class Repeating:
    """The connector, and what is known of each key: the body it stands for, and its answer."""

    def __init__(self, client: AppClient, other: Mortal, place: Place, dapr: FakeDapr, database: str) -> None:
        self.client, self.other, self.place, self.dapr, self.database = client, other, place, dapr, database

    async def reset(self) -> None:
        self.place.sandbox.reset(None)
        self.place.base = self.place.sandbox.bases[self.place.base.id]
        self.round = 0
        self.bodies: dict[str, str] = {}
        self.answers: dict[str, bytes] = {}
        connection = await asyncpg.connect(self.database)
        await connection.execute("TRUNCATE operations, idempotency, audit_outbox CASCADE")
        await connection.close()

    def names(self, key: str, name: str) -> list[str]:
        return [f"{name} {n}" for n in range(12 if key.split(".")[0] in BATCHES else 1)]

    def made(self, key: str, name: str) -> int:
        """How many of its records there are. None is there twice."""
        table = next(iter(self.place.base.tables.values()))
        primary = next(iter(table.fields))
        there = [record.cells.get(primary) for record in table.records.values()]
        counts = [there.count(one) for one in self.names(key, name)]
        assert max(counts) <= 1, "it was done twice"
        return sum(counts)

    def request(self, key: str, name: str) -> dict[str, Any]:
        records = [{"fields": {"Name": one}} for one in self.names(key, name)]
        return {"json": {"records": records}, "headers": {"idempotency-key": key}}

    async def send(self, key: str, name: str, kind: str | None, times: int, *, other_first: bool) -> None:
        """The same request so many times at once; one of their answers, or one more's, is lost as `kind` says."""
        request, path = self.request(key, name), self.place.records
        asking = [self.client.post(path, **request) for _ in range(times // 2 if kind in KILLED else max(1, times))]
        if kind in KILLED:
            asked = self.other.request("POST", path, after=KILLED[kind], **request)
            asking.insert(0 if other_first else len(asking), asked)
        elif kind:
            lose(self.place, "POST", kind)
        answered = key in self.answers
        got = await asyncio.gather(*asking)
        self.place.sandbox.faults.clear()
        killed = None in got
        if killed:
            assert self.bodies.setdefault(key, name) == name, "a key was taken for another body"
        for answer in got:
            if answer is not None:
                self._judge(key, name, answer, lost=bool(kind), answered=answered)
        self.made(key, name)

    def _judge(self, key: str, name: str, answer: Reply, *, lost: bool, answered: bool) -> None:
        if answer.status == 201 or (answer.status == 207 and "idempotency-replayed" in answer.headers):
            assert self.bodies.setdefault(key, name) == name, "a key was taken for another body"
            assert self.answers.setdefault(key, answer.body) == answer.body, "the second answer is another"
            assert self.made(key, name) == len(answer.json()["records"])
            return
        if answer.status == 207:
            assert lost
            assert self.bodies.setdefault(key, name) == name
            return
        code = answer.problem[0]
        if code == "request.key-reused":
            assert self.bodies[key] != name
        elif code == "airtable.write-unknown":
            assert lost
            assert self.bodies.setdefault(key, name) == name
        else:
            assert code == "request.under-way", answer.body
            assert self.bodies.setdefault(key, name) == name
            assert not answered, "the answer was there and is not given again"

    async def settle(self) -> None:
        """Whoever looks for lost answers has found them: each key has its answer, or is free, for what was not done."""
        await self.other.time_is_over()
        await look(self.client)
        assert (await self.client.post("/job/settle-audit-entries", headers=self.dapr.headers())).status == 200
        for key, name in list(self.bodies.items()):
            if not self.made(key, name):
                del self.bodies[key]
                continue
            answer = await self.client.post(self.place.records, **self.request(key, name))
            assert "idempotency-replayed" in answer.headers, answer.body
            self._judge(key, name, answer, lost=False, answered=True)


def machine(repeating: Repeating, loop: asyncio.AbstractEventLoop) -> type[RuleBasedStateMachine]:
    def do(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(60)

    class Repeats(RuleBasedStateMachine):
        @initialize()
        def begin(self) -> None:
            do(repeating.reset())

        @rule(key=KEYS, other=st.booleans(), kind=LOST, times=st.sampled_from([0, 1, 2, 4]), late=st.booleans())
        def write(self, key: str, other: bool, kind: str | None, times: int, late: bool) -> None:
            key = f"{key}.{repeating.round}"
            do(repeating.send(key, f"{key} {'other' if other else 'one'}", kind, times, other_first=not late))

        @rule()
        def take_new_keys(self) -> None:
            repeating.round += 1

        @rule()
        def settle(self) -> None:
            do(repeating.settle())

        def teardown(self) -> None:
            do(repeating.settle())

    return Repeats


async def test_a_key_stands_for_one_write_however_often_and_in_whatever_order_it_comes(
    client: AppClient, sandbox: Running, place: Place, dapr: FakeDapr, database: str
) -> None:
    async with mortal(sandbox.url, dapr, database, before_images="always") as other:
        repeating = Repeating(client, other, place, dapr, database)
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
