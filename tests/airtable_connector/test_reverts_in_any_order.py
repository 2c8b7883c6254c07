"""Writes and their undoing in any order, twice at once, with lost answers and a replica that dies: undone newest first,
all is as it was."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from chassis.testing import AppClient, FakeDapr
from sandbox.airtable.embedded import Running
from tests.airtable_connector.mortal import Mortal, mortal
from tests.airtable_connector.place import Place
from tests.airtable_connector.test_lost_answers import look, lose

NAMES = st.sampled_from(["Ada", "Bob", "Cy"])
WHICH = st.integers(0, 50)
SOME = st.lists(WHICH, min_size=1, max_size=3)
LOST = st.sampled_from([False, False, False, True])
KILLED = st.sampled_from([0, 0, 1, 1, 2])  # after how many calls that Airtable has done
Content = dict[str, dict[str, Any]]


@pytest.fixture
def extra() -> dict[str, Any]:
    return {"before_images": "always"}


class Connected:
    """The connector and the table of contacts, each step done to its end."""

    def __init__(self, client: AppClient, other: Mortal, place: Place, database: str) -> None:
        self.client, self.other, self.place, self.database = client, other, place, database
        self.done: list[str] = []
        self.first_called: dict[str, str] = {}

    async def reset(self) -> None:
        self.place.sandbox.reset(None)
        self.place.base = self.place.sandbox.bases[self.place.base.id]
        self.done, self.first_called = [], {}
        connection = await asyncpg.connect(self.database)
        await connection.execute("DELETE FROM operations")
        await connection.close()

    @property
    def table(self) -> Any:
        return next(table for table in self.place.base.tables.values() if table.name == "Contacts")

    @property
    def ids(self) -> list[str]:
        return list(self.table.records)

    def content(self) -> Content:
        """Every record by the id it had first, its links in no order."""
        name = self.first_called.get
        return {
            name(record.id, record.id): {
                self.table.fields[key].name: sorted(name(one, one) for one in value)
                if isinstance(value, list)
                else value
                for key, value in record.cells.items()
            }
            for record in self.table.records.values()
        }

    async def write(self, method: str, path: str, body: Any, lost: bool, killed: int = 0) -> str:
        """The operation, once its end is known."""
        before = await self._newest()
        if lost:
            lose(self.place, method)
        if killed:
            answer = await self.other.request(method, path, json=body, after=killed)
        else:
            answer = await self.client.request(method, path, json=body)
        self.place.sandbox.faults.clear()
        assert answer is None or answer.status < 300 or lost, answer.body
        await self.other.time_is_over()
        await look(self.client)
        operation = await self._newest()
        if operation != before:
            await self._note(operation)
        return operation

    async def undo(self, operation: str, lost: bool = False, **asked: Any) -> dict[str, Any]:
        before = await self._newest()
        if lost:
            lose(self.place, "POST")
        answer = await self.client.post(f"/api/v1/operations/{operation}/revert", json=asked)
        self.place.sandbox.faults.clear()
        assert answer.status in (200, 207), answer.body
        await look(self.client)
        newest = await self._newest()
        if newest != before:
            await self._note(newest)
        told: dict[str, Any] = answer.json()
        return told

    async def undo_twice(self, operation: str, killed: int) -> None:
        """Two at once, one of them in a replica that dies over it; then once more, which finishes what is left."""
        before = await self._newest()
        path = f"/api/v1/operations/{operation}/revert"
        died, answer = await asyncio.gather(
            self.other.request("POST", path, json={}, after=killed), self.client.post(path, json={})
        )
        for one in (died, answer):
            assert one is None or one.status in (200, 207) or one.problem[0] == "airtable.operation-unfinished"
        await self.other.time_is_over()
        await look(self.client)
        newest = await self._newest()
        if newest != before:
            await self._note(newest)
        await self.undo(operation)

    async def _newest(self) -> str:
        items = (await self.client.get("/api/v1/operations?page_size=1")).json()["items"]
        return str(items[0]["id"]) if items else ""

    async def _note(self, operation: str) -> None:
        told = (await self.client.get(f"/api/v1/operations/{operation}")).json()
        assert told["state"] == "done", told
        self.done.append(operation)
        for row in told["details"]:
            if row["replaces"] and row["kind"] == "create":
                self.first_called[row["record"]] = self.first_called.get(row["replaces"], row["replaces"])


def machine(connected: Connected, loop: asyncio.AbstractEventLoop) -> type[RuleBasedStateMachine]:
    def do(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(60)

    class Undoing(RuleBasedStateMachine):
        @initialize()
        def begin(self) -> None:
            do(connected.reset())
            self.start = connected.content()
            self.path = f"{connected.place.tables}/{connected.table.id}/records"

        def chosen(self, which: list[int]) -> list[str]:
            return list(dict.fromkeys(connected.ids[n % len(connected.ids)] for n in which))

        @rule(names=st.lists(NAMES, min_size=1, max_size=3), boss=WHICH, lost=LOST, killed=KILLED)
        def create(self, names: list[str], boss: int, lost: bool, killed: int) -> None:
            there = connected.ids
            cells = {"Boss": [there[boss % len(there)]]} if there else {}
            records = [
                {"fields": {"Name": f"{name} {len(connected.done)}.{n}", **cells}} for n, name in enumerate(names)
            ]
            do(connected.write("POST", self.path, {"records": records}, lost, killed))

        @rule(which=SOME, name=NAMES, boss=WHICH, method=st.sampled_from(["PATCH", "PUT"]), lost=LOST, killed=KILLED)
        def change(self, which: list[int], name: str, boss: int, method: str, lost: bool, killed: int) -> None:
            if not connected.ids:
                return
            fields = {"Name": f"{name} {len(connected.done)}", "Boss": [connected.ids[boss % len(connected.ids)]]}
            records = [{"id": one, "fields": fields} for one in self.chosen(which)]
            do(connected.write(method, self.path, {"records": records}, lost, killed))

        @rule(which=SOME, lost=LOST, killed=KILLED)
        def delete(self, which: list[int], lost: bool, killed: int) -> None:
            if connected.ids:
                ids = "&".join(f"ids={one}" for one in self.chosen(which))
                do(connected.write("DELETE", f"{self.path}?{ids}", None, lost, killed))

        @rule(which=WHICH, lost=LOST)
        def undo_any(self, which: int, lost: bool) -> None:
            if connected.done:
                do(connected.undo(connected.done[which % len(connected.done)], lost))

        @rule(which=WHICH, killed=st.integers(1, 3))
        def undo_twice_at_once(self, which: int, killed: int) -> None:
            if connected.done:
                do(connected.undo_twice(connected.done[which % len(connected.done)], killed))

        @rule()
        def undo_the_newest_and_undo_that(self) -> None:
            if not connected.done:
                return
            after = connected.content()
            first = do(connected.undo(connected.done[-1]))
            if first["by"]:
                do(connected.undo(first["by"]))
                assert connected.content() == after

        def teardown(self) -> None:
            for operation in reversed(list(connected.done)):
                told = do(connected.undo(operation))
                assert not told["conflicts"], told["text"]
            assert connected.content() == self.start

    return Undoing


async def test_whatever_was_written_and_undone_undoing_it_all_newest_first_brings_back_what_was(
    client: AppClient, sandbox: Running, place: Place, dapr: FakeDapr, database: str
) -> None:
    async with mortal(sandbox.url, dapr, database, before_images="always") as other:
        connected = Connected(client, other, place, database)
        found = machine(connected, asyncio.get_running_loop())
        rules = settings(
            max_examples=10,
            stateful_step_count=8,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            phases=[Phase.explicit, Phase.generate],  # to shrink takes longer than the token of the test lives
        )
        await asyncio.to_thread(run_state_machine_as_test, found, settings=rules)
