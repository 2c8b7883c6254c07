"""A cache that forgets nothing: it is found out, told, and nobody is served what it kept."""

import asyncio

import pytest

from apps.airtable_connector.service import monitor
from apps.airtable_connector.store import ReadCache
from chassis.testing import AppClient
from tests.airtable_connector.place import Place


@pytest.fixture(autouse=True)
def one_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor, "CLOCKS", 0.0)


async def test_a_read_older_than_a_write_is_told_and_not_served(
    client: AppClient, place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = f"{place.v0}/{next(iter(place.table.records))}"
    assert (await client.get(path)).headers["x-platform-cache"] == "miss"
    assert (await client.get(path)).headers["x-platform-cache"] == "hit"
    with monkeypatch.context() as forgets_nothing:

        async def change(*_: object) -> None:
            pass

        forgets_nothing.setattr(ReadCache, "change", change)
        assert (await client.patch(path, json={"fields": {"City": "Graz"}})).status == 200
    capsys.readouterr()
    read = await client.get(path)
    assert "older than a write that was answered" in capsys.readouterr().out
    assert (read.headers["x-platform-cache"], read.json()["fields"]["City"]) == ("miss", "Graz")
    assert (await client.get(path)).headers["x-platform-cache"] == "hit"


async def test_what_is_written_and_read_as_it_should_be_is_no_finding(client: AppClient, place: Place) -> None:
    path = f"{place.v0}/{next(iter(place.table.records))}"
    for city in ("Graz", "Lyon", "Oslo"):
        await client.get(path)
        assert (await client.patch(path, json={"fields": {"City": city}})).status == 200
        assert (await client.get(path)).json()["fields"]["City"] == city
        await asyncio.sleep(0.01)
    assert (await client.get(path)).headers["x-platform-cache"] == "hit"
