"""A whole table as NDJSON: each record once whatever Airtable forgets, and not faster than its reader."""

import asyncio
from typing import Any

import orjson
import pytest

from apps.airtable_connector.service import WholeTables
from chassis import Principal, acting, background, service
from chassis.testing import AppClient, Reply
from contracts.airtable_connector import RecordsQuery
from tests.airtable_connector.place import Place

NDJSON = {"accept": "application/x-ndjson"}


def its_own() -> Any:
    """A context in which the connector asks in its own name."""
    context = background("airtable-connector", seconds=30)
    context.principal = service("airtable-connector", "local")
    return context


def lines(answer: Reply) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    *records, last = [orjson.loads(line) for line in answer.body.splitlines()]
    return records, last


async def test_all_records_come_as_lines_and_the_last_line_says_that_they_are_all(
    client: AppClient, place: Place
) -> None:
    answer = await client.get(f"{place.records}?fields=Name&sort=-Name", headers=NDJSON)
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    records, last = lines(answer)
    assert [one["fields"]["Name"] for one in records] == [f"Company {n:03}" for n in reversed(range(130))]
    assert last == {"complete": True, "records": 130, "restarts": 0}


@pytest.mark.parametrize("accept", ["text/event-stream", "application/x-ndjson"])
async def test_the_gateways_way_of_asking_for_it_is_understood(client: AppClient, place: Place, accept: str) -> None:
    assert len(lines(await client.get(place.records, headers={"accept": accept}))[0]) == 130


async def test_a_table_that_is_not_there_is_a_problem_before_anything_is_streamed(
    client: AppClient, place: Place
) -> None:
    answer = await client.get(f"{place.tables}/Nope/records", headers=NDJSON)
    assert answer.problem == ("airtable.not-found", 404, "airtable-connector")


def expire_after(place: Place, pages: int, monkeypatch: pytest.MonkeyPatch, meanwhile: Any = lambda: None) -> None:
    """Airtable forgets its iterators once, when so many pages were asked for."""
    left = [pages]
    hit = place.sandbox.faults.hit

    def counted(method: str, path: str) -> Any:
        left[0] -= 1
        if left[0] == 0:
            place.sandbox.iterators.expire_all()
            meanwhile()
        return hit(method, path)

    monkeypatch.setattr(place.sandbox.faults, "hit", counted)


async def test_an_iterator_that_airtable_forgot_is_begun_anew_without_losing_or_doubling_a_record(
    client: AppClient, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *_, last_one = place.table.records

    def meanwhile() -> None:
        """Somebody deletes a record that was told, and one that was not."""
        del place.table.records[first], place.table.records[last_one]

    there = set(place.table.records)
    expire_after(place, 2, monkeypatch, meanwhile)
    records, last = lines(await client.get(place.records, headers=NDJSON))
    told = [one["id"] for one in records]
    assert len(told) == len(set(told))
    assert set(told) == there - {last_one}
    assert last == {"complete": True, "records": 129, "restarts": 1}


async def test_a_failure_in_the_middle_is_the_last_line(client: AppClient, place: Place) -> None:
    error = {"error": {"type": "RETRIABLE_ERROR", "message": "later"}}
    reader = client.app.state.chassis.container[WholeTables]
    with acting(its_own()):
        stream = await reader.read(
            place.base.id, place.table.id, RecordsQuery(), Principal("developer", "local", ("*",))
        )
        place.sandbox.faults.add({"kind": "status", "method": "GET", "status": 503, "body": error})
        told = [line async for part in stream for line in part.splitlines()]
    assert orjson.loads(told[-1])["problem"]["code"] == "airtable.unavailable"
    assert len(told) == 101


async def test_airtable_is_asked_for_one_page_more_than_the_reader_took(client: AppClient, place: Place) -> None:
    for n in range(300):
        place.table.records[f"recMore{n:010}"] = next(iter(place.table.records.values()))
    reader = client.app.state.chassis.container[WholeTables]
    with acting(its_own()):
        stream = await reader.read(
            place.base.id, place.table.id, RecordsQuery(), Principal("developer", "local", ("*",))
        )
        await anext(stream)
        await asyncio.sleep(0.3)
        assert len([one for one in place.asked() if one.endswith(place.table.id)]) == 2
        await stream.aclose()
