"""Reads of single records that wait for their turn travel as one list; each gets what its own call had got."""

import asyncio

from chassis.testing import AppClient
from tests.airtable_connector.place import Place
from tests.airtable_connector.test_merged_writes import Hold, hold

__all__ = ["hold"]


async def test_reads_of_many_records_are_one_call_and_each_gets_the_bytes_of_its_own(
    client: AppClient, place: Place, hold: Hold
) -> None:
    ids = list(place.table.records)[:40]
    alone = [await client.get(f"{place.v0}/{one}", headers={"cache-control": "no-cache"}) for one in ids[:2]]
    await hold()
    before = len(place.asked())
    answers = await asyncio.gather(*(client.get(f"{place.v0}/{one}") for one in ids))
    assert [answer.json()["id"] for answer in answers] == ids
    assert [answer.body for answer in answers[:2]] == [answer.body for answer in alone]
    assert [answer.headers["etag"] for answer in answers[:2]] == [answer.headers["etag"] for answer in alone]
    assert len(place.asked()) - before == 1


async def test_a_record_that_is_not_there_is_asked_for_alone_so_that_airtable_says_so(
    client: AppClient, place: Place, hold: Hold
) -> None:
    there, gone = list(place.table.records)[:2]
    deleted = await client.delete(f"{place.v0}/{gone}")
    assert deleted.status == 200
    by_itself = await client.get(f"{place.v0}/{gone}")
    await hold()
    found, missing = await asyncio.gather(*(client.get(f"{place.v0}/{one}") for one in (there, gone)))
    assert found.status == 200
    assert (missing.status, missing.body) == (by_itself.status, by_itself.body)


async def test_reads_of_what_is_no_table_fail_as_alone(client: AppClient, place: Place, hold: Hold) -> None:
    ids = list(place.table.records)[:3]
    await hold()
    answers = await asyncio.gather(*(client.get(f"{place.tables}/Nope/records/{one}") for one in ids))
    assert {answer.problem[:2] for answer in answers} == {("airtable.not-found", 404)}


async def test_reads_that_name_cells_otherwise_do_not_travel_together(
    client: AppClient, place: Place, hold: Hold
) -> None:
    one, other = list(place.table.records)[:2]
    await hold()
    by_name, by_id = await asyncio.gather(
        client.get(f"{place.records}/{one}"), client.get(f"{place.records}/{other}?fields_by_id=true")
    )
    assert "Name" in by_name.json()["fields"]
    assert next(iter(place.table.fields)) in by_id.json()["fields"]
