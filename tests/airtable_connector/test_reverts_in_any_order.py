"""Writes and their undoing in any order, with answers that get lost: undone newest first, all is as it was."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from chassis.testing import AppClient
from tests.airtable_connector.place import Place
from tests.airtable_connector.test_lost_answers import look, lose

NAMES = st.sampled_from(["Ada", "Bob", "Cy"])
WHICH = st.integers(0, 50)
SOME = st.lists(WHICH, min_size=1, max_size=3)
LOST = st.sampled_from([False, False, False, True])
Content = dict[str, dict[str, Any]]


@pytest.fixture
def extra() -> dict[str, Any]:
    return {"before_images": "always"}


class Connected:
    """The connector and the table of contacts, each step done to its end."""

    def __init__(self, client: AppClient, place: Place, database: str) -> None:
        self.client, self.place, self.database = client, place, database
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

    async def write(self, method: str, path: str, body: Any, lost: bool) -> str:
        """The operation, once its end is known."""
        before = await self._newest()
        if lost:
            lose(self.place, method)
        answer = await self.client.request(method, path, json=body)
        self.place.sandbox.faults.clear()
        assert answer.status < 300 or lost, answer.body
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

        @rule(names=st.lists(NAMES, min_size=1, max_size=3), boss=WHICH, lost=LOST)
        def create(self, names: list[str], boss: int, lost: bool) -> None:
            there = connected.ids
            cells = {"Boss": [there[boss % len(there)]]} if there else {}
            records = [
                {"fields": {"Name": f"{name} {len(connected.done)}.{n}", **cells}} for n, name in enumerate(names)
            ]
            do(connected.write("POST", self.path, {"records": records}, lost))

        @rule(which=SOME, name=NAMES, boss=WHICH, method=st.sampled_from(["PATCH", "PUT"]), lost=LOST)
        def change(self, which: list[int], name: str, boss: int, method: str, lost: bool) -> None:
            if not connected.ids:
                return
            fields = {"Name": f"{name} {len(connected.done)}", "Boss": [connected.ids[boss % len(connected.ids)]]}
            records = [{"id": one, "fields": fields} for one in self.chosen(which)]
            do(connected.write(method, self.path, {"records": records}, lost))

        @rule(which=SOME, lost=LOST)
        def delete(self, which: list[int], lost: bool) -> None:
            if connected.ids:
                ids = "&".join(f"ids={one}" for one in self.chosen(which))
                do(connected.write("DELETE", f"{self.path}?{ids}", None, lost))

        @rule(which=WHICH, lost=LOST)
        def undo_any(self, which: int, lost: bool) -> None:
            if connected.done:
                do(connected.undo(connected.done[which % len(connected.done)], lost))

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
    client: AppClient, place: Place, database: str
) -> None:
    connected = Connected(client, place, database)
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
