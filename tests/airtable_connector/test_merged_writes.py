"""Writes of several callers to one table share calls to Airtable; each gets its own answer, and its own refusal."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from chassis.testing import AppClient, Reply
from tests.airtable_connector.journal import Told, told
from tests.airtable_connector.place import Place
from tests.airtable_connector.test_lost_answers import look, lose

__all__ = ["told"]


Hold = Callable[[], Awaitable[None]]
HELD = 3.0  # s; all callers of a test have come by then


@pytest.fixture
def hold(client: AppClient, limiter: AppClient, place: Place) -> Hold:
    """Let whoever comes now wait for a turn."""

    async def hold() -> None:
        await client.get(place.tables)
        assert (await limiter.post("/penalties", json={"base": place.base.id, "seconds": HELD})).status == 204

    return hold


async def create(client: AppClient, place: Place, *cells: dict[str, Any]) -> list[Reply]:
    return list(await asyncio.gather(*(client.post(place.v0, json={"fields": one}) for one in cells)))


def writes(place: Place) -> list[str]:
    return [one for one in place.asked() if not one.startswith("GET")]


async def test_creates_of_many_callers_are_few_calls_and_each_gets_its_own_record(
    client: AppClient, place: Place, hold: Hold, told: Told
) -> None:
    await hold()
    answers = await create(client, place, *({"Name": f"New {n}"} for n in range(30)))
    assert [answer.json()["fields"]["Name"] for answer in answers] == [f"New {n}" for n in range(30)]
    assert len({answer.headers["x-platform-operation"] for answer in answers}) == 30
    assert len(writes(place)) == 3
    assert len(await told()) == 30


async def test_changes_and_deletions_are_merged_each_in_its_own_form(
    client: AppClient, place: Place, hold: Hold
) -> None:
    ids = list(place.table.records)[:20]
    await hold()
    changed = await asyncio.gather(
        *(client.patch(f"{place.v0}/{one}", json={"fields": {"City": f"City {one}"}}) for one in ids)
    )
    assert [answer.json()["fields"]["City"] for answer in changed] == [f"City {one}" for one in ids]
    assert len(writes(place)) == 2
    await hold()
    deleted = await asyncio.gather(*(client.delete(f"{place.v0}/{one}") for one in ids))
    assert [answer.json() for answer in deleted] == [{"deleted": True, "id": one} for one in ids]
    assert len(writes(place)) == 4


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        ({"Nope": 1}, "UNKNOWN_FIELD_NAME"),
        ({"Employees": "many"}, "INVALID_VALUE_FOR_COLUMN"),
        ({"Industry": "Alchemy"}, "INVALID_MULTIPLE_CHOICE_OPTIONS"),
    ],
)
async def test_one_bad_record_fails_its_own_caller_only_at_two_calls_more(
    client: AppClient, place: Place, hold: Hold, bad: dict[str, Any], kind: str
) -> None:
    await hold()
    before = len(writes(place))
    cells = [{"Name": f"Good {n}"} for n in range(9)]
    answers = await create(client, place, *cells[:4], {"Name": "Bad", **bad}, *cells[4:])
    assert [answer.status for answer in answers] == [200] * 4 + [422] + [200] * 5
    assert answers[4].json()["error"]["type"] == kind
    assert len(writes(place)) - before == 3


async def test_a_record_that_is_not_there_is_not_found_by_its_own_caller_only(
    client: AppClient, place: Place, hold: Hold
) -> None:
    await client.get(place.tables)
    ids = [*list(place.table.records)[:9], "recNobody00000000"]
    await create(client, place, *({"Name": "First"} for _ in range(5)))
    answers = await asyncio.gather(*(client.delete(f"{place.v0}/{one}") for one in ids))
    assert [answer.status for answer in answers[:9]] == [200] * 9
    assert answers[9].status in (403, 404)


async def test_two_changes_of_one_record_are_two_calls(client: AppClient, place: Place, hold: Hold) -> None:
    record = next(iter(place.table.records))
    await hold()
    answers = await asyncio.gather(
        *(client.patch(f"{place.v0}/{record}", json={"fields": {"City": city}}) for city in ("Graz", "Lyon"))
    )
    assert [answer.json()["fields"]["City"] for answer in answers] == ["Graz", "Lyon"]


async def test_a_lost_answer_is_looked_for_by_each_caller(
    client: AppClient, place: Place, hold: Hold, told: Told
) -> None:
    await hold()
    await told()
    lose(place, "POST", count=1)
    answers = await create(client, place, *({"Name": f"Lost {n}"} for n in range(4)))
    assert {answer.headers.get("x-platform-code") for answer in answers} == {"airtable.write-unknown"}
    place.sandbox.faults.clear()
    assert await look(client) == 4
    assert len(await told()) == 4


async def test_who_has_less_time_leaves_and_takes_nobody_along(client: AppClient, place: Place, hold: Hold) -> None:
    await hold()
    hurried, patient = await asyncio.gather(
        client.post(place.v0, json={"fields": {"Name": "Hurried"}}, headers={"x-timeout-ms": "150"}),
        client.post(place.v0, json={"fields": {"Name": "Patient"}}),
    )
    assert hurried.status >= 400
    assert patient.status == 200
    names = [record.cells for record in place.table.records.values()]
    assert not any("Hurried" in str(one) for one in names)
