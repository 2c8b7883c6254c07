"""Undoing: what was there is there again, what others changed since stays, and what cannot come back is said."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from chassis.testing import AppClient, Reply
from sandbox.airtable.faults import Fault
from tests.airtable_connector.journal import Told, told
from tests.airtable_connector.place import Place
from tests.airtable_connector.test_journal import last, make
from tests.airtable_connector.test_lost_answers import look, lose

__all__ = ["told"]

Undo = Callable[..., Awaitable[Reply]]


@pytest.fixture
def extra() -> dict[str, Any]:
    return {"before_images": "always"}


@pytest.fixture
def undo(client: AppClient) -> Undo:
    """Undo an operation; the newest one unless another is named."""

    async def undo(operation: str | None = None, **asked: Any) -> Reply:
        return await client.post(f"/api/v1/operations/{operation or (await last(client))['id']}/revert", json=asked)

    return undo


def cells(place: Place, record: str, table: Any = None) -> dict[str, Any]:
    """What Airtable has, by field name."""
    found = table or place.table
    return {found.fields[key].name: value for key, value in found.records[record].cells.items()}


def contacts(place: Place) -> Any:
    return next(table for table in place.base.tables.values() if table.name == "Contacts")


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize("by_id", [False, True])
async def test_undoing_a_change_puts_every_cell_back(
    client: AppClient, place: Place, undo: Undo, told: Told, method: str, by_id: bool
) -> None:
    record = await make(client, place, City="Graz", Employees=3, Industry="Energy")
    before = cells(place, record)
    body = {"fields": {"Name": "Newer", "City": None, "Industry": "Retail"}, "fields_by_id": by_id}
    changed = await client.request(method, f"{place.records}/{record}", json=body)
    assert changed.status == 200
    await told()
    answer = await undo()
    assert (answer.status, answer.json()["complete"], answer.json()["conflicts"]) == (200, True, 0)
    assert cells(place, record) == before
    (event,) = await told()
    assert event["type"] == "airtable-connector.record-updated.v1"
    done = await last(client)
    assert (done["action"], done["reverts"]) == ("operation.revert", changed.headers["x-platform-operation"])
    assert done["id"] == answer.json()["by"] == answer.headers["x-platform-operation"]
    undone = (await client.get(f"/api/v1/operations/{done['reverts']}")).json()
    assert undone["reverted_by"] == [done["id"]]


async def test_undoing_a_create_deletes_it_and_undoing_that_brings_it_back(
    client: AppClient, place: Place, undo: Undo
) -> None:
    record = await make(client, place, City="Graz")
    first = (await undo()).json()
    assert record not in place.table.records
    assert first["irrecoverable"] == ["1 are deleted, and with them their comments."]
    second = (await undo(first["by"])).json()
    back = second["replaced"][record]
    assert cells(place, back) == {"Name": "New", "City": "Graz"}
    assert f"{record} came back as {back}" in second["text"]
    third = (await undo(second["by"])).json()
    assert third["complete"]
    assert back not in place.table.records


async def test_a_deleted_record_comes_back_with_its_links_on_both_sides(
    client: AppClient, place: Place, undo: Undo
) -> None:
    company = next(iter(place.table.records))
    person = next(r.id for r in contacts(place).records.values() if company in str(r.cells))
    before = cells(place, company)
    assert (await client.delete(f"{place.records}/{company}")).status == 200
    assert "Company" not in cells(place, person, contacts(place))
    answer = (await undo()).json()
    back = answer["replaced"][company]
    assert cells(place, back) == before
    assert cells(place, person, contacts(place))["Company"] == [back]
    assert answer["irrecoverable"][0].startswith("1 come back under new ids")


async def test_linked_records_deleted_one_after_the_other_come_back_linked_to_each_other(
    client: AppClient, place: Place, undo: Undo
) -> None:
    people = contacts(place)
    company = next(iter(place.table.records))
    person = next(r.id for r in people.records.values() if company in str(r.cells))
    path = f"{place.tables}/{people.id}/records"
    first = (await client.delete(f"{path}/{person}")).headers["x-platform-operation"]
    second = (await client.delete(f"{place.records}/{company}")).headers["x-platform-operation"]
    company_now = (await undo(second)).json()["replaced"][company]
    person_now = (await undo(first)).json()["replaced"][person]
    assert cells(place, person_now, people)["Company"] == [company_now]
    assert cells(place, company_now)["Contacts"] == [person_now]


async def test_a_link_to_what_is_gone_for_good_is_left_out_and_told(
    client: AppClient, place: Place, undo: Undo
) -> None:
    people = contacts(place)
    company = next(iter(place.table.records))
    person = next(r.id for r in people.records.values() if company in str(r.cells))
    path = f"{place.tables}/{people.id}/records"
    first = (await client.delete(f"{path}/{person}")).headers["x-platform-operation"]
    await client.delete(f"{place.records}/{company}")
    answer = (await undo(first)).json()
    assert "Company" not in cells(place, answer["replaced"][person], people)
    assert f"{person} Company: its link to {company}, which is gone" in answer["irrecoverable"]


async def test_records_of_one_batch_that_link_to_each_other_come_back_so(
    client: AppClient, place: Place, undo: Undo
) -> None:
    people = contacts(place)
    path = f"{place.tables}/{people.id}/records"
    boss, *others = [
        (await client.post(path, json={"records": [{"fields": {"Name": f"P{n}"}}]})).json()["records"][0]["id"]
        for n in range(3)
    ]
    for one in others:
        assert (await client.patch(f"{path}/{one}", json={"fields": {"Boss": [boss]}})).status == 200
    await client.post(f"{path}/delete", json={"ids": [others[0], boss, others[1]]})
    answer = (await undo()).json()
    now = answer["replaced"]
    assert cells(place, now[boss], people)["Reports"] == [now[one] for one in others]
    assert cells(place, now[others[1]], people)["Boss"] == [now[boss]]
    again = (await undo(answer["by"])).json()
    assert again["complete"], again["text"]
    assert not set(now.values()) & set(people.records)


async def test_what_was_changed_since_stays_and_the_rest_is_put_back(
    client: AppClient, place: Place, undo: Undo
) -> None:
    record = await make(client, place, City="Graz", Employees=3)
    operation = await client.patch(f"{place.records}/{record}", json={"fields": {"City": "Lyon", "Employees": 4}})
    name = operation.headers["x-platform-operation"]
    await client.patch(f"{place.records}/{record}", json={"fields": {"City": "Porto"}})
    answer = await undo(name)
    assert (answer.status, answer.json()["conflicts"], answer.json()["complete"]) == (207, 1, False)
    (change,) = answer.json()["changes"]
    assert {"field": "City", "before": "Porto", "after": "Graz", "conflict": True} in change["cells"]
    assert cells(place, record) == {"Name": "New", "City": "Porto", "Employees": 3}
    forced = await undo(name, force=True)
    assert (forced.status, cells(place, record)["City"]) == (200, "Graz")


async def test_single_records_and_fields_can_be_chosen(client: AppClient, place: Place, undo: Undo) -> None:
    one, two = await make(client, place, City="Graz"), await make(client, place, City="Graz")
    changes = [{"id": r, "fields": {"Name": "Newer", "City": "Lyon"}} for r in (one, two)]
    operation = (await client.patch(place.records, json={"records": changes})).json()["operation"]
    await undo(operation, only_records=[one], only_fields=["City"])
    assert cells(place, one) == {"Name": "Newer", "City": "Graz"}
    assert cells(place, two) == {"Name": "Newer", "City": "Lyon"}


async def test_a_created_record_that_somebody_worked_on_is_deleted_only_by_force(
    client: AppClient, place: Place, undo: Undo
) -> None:
    record = await make(client, place)
    operation = (await last(client))["id"]
    await client.patch(f"{place.records}/{record}", json={"fields": {"City": "Graz"}})
    refused = await undo(operation)
    assert (refused.status, refused.json()["by"]) == (207, None)
    assert record in place.table.records
    assert (await undo(operation, force=True)).status == 200
    assert record not in place.table.records


async def test_an_upsert_is_undone_as_what_it_did_to_each_record(client: AppClient, place: Place, undo: Undo) -> None:
    record = await make(client, place, Name="There", City="Graz")
    wanted = [{"fields": {"Name": "There", "City": "Lyon"}}, {"fields": {"Name": "Not there"}}]
    done = (await client.post(f"{place.records}/upsert", json={"merge_on": ["Name"], "records": wanted})).json()
    assert (await undo(done["operation"])).status == 200
    assert cells(place, record)["City"] == "Graz"
    assert done["created"][0] not in place.table.records


async def test_undoing_twice_does_nothing_the_second_time(client: AppClient, place: Place, undo: Undo) -> None:
    record = await make(client, place, City="Graz")
    deleted = (await client.delete(f"{place.records}/{record}")).headers["x-platform-operation"]
    count = len(place.table.records)
    await undo(deleted)
    answer = (await undo(deleted)).json()
    assert (answer["by"], answer["complete"], len(place.table.records)) == (None, True, count + 1)


def fail_the_second(place: Place, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Airtable answers 503 to the second such request."""
    faults, asked = place.sandbox.faults, itertools.count()
    hit = faults.hit

    def counted(each: str, path: str) -> list[Fault]:
        if each == method and next(asked) == 1:
            error = {"error": {"type": "RETRIABLE_ERROR", "message": "later"}}
            faults.add({"kind": "status", "method": method, "status": 503, "count": 1, "body": error})
        return hit(each, path)

    monkeypatch.setattr(faults, "hit", counted)


async def test_a_revert_that_stopped_goes_on_where_it_stopped(
    client: AppClient, place: Place, undo: Undo, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = list(place.table.records)[:25]
    names = sorted(cells(place, one)["Name"] for one in ids)
    deleted = (await client.post(f"{place.records}/delete", json={"ids": ids})).json()["operation"]
    fail_the_second(place, "POST", monkeypatch)
    stopped = await undo(deleted)
    assert (stopped.status, len(stopped.json()["replaced"])) == (207, 10)
    assert stopped.json()["problem"].startswith("airtable.unavailable")
    assert (await last(client))["state"] == "partial"
    rest = await undo(deleted)
    assert (rest.status, len(rest.json()["replaced"])) == (200, 15)
    back = [cells(place, one)["Name"] for one in {**stopped.json()["replaced"], **rest.json()["replaced"]}.values()]
    assert sorted(back) == names


async def test_nothing_comes_back_twice_when_the_answer_to_a_revert_was_lost(
    client: AppClient, place: Place, undo: Undo
) -> None:
    record = await make(client, place, Name="Only one")
    deleted = (await client.delete(f"{place.records}/{record}")).headers["x-platform-operation"]
    lose(place, "POST")
    lost = await undo(deleted)
    assert "airtable.write-unknown" in lost.json()["problem"]
    waiting = await undo(deleted)
    assert waiting.problem == ("airtable.operation-unfinished", 409, "airtable-connector")
    assert await look(client) == 1
    assert (await undo(deleted)).json()["complete"]
    assert [cells(place, one)["Name"] for one in place.table.records].count("Only one") == 1


async def test_two_who_undo_the_same_at_once_do_it_once(client: AppClient, place: Place, undo: Undo) -> None:
    record = await make(client, place, Name="Only one")
    deleted = (await client.delete(f"{place.records}/{record}")).headers["x-platform-operation"]
    answers = await asyncio.gather(*(undo(deleted) for _ in range(4)))
    assert {answer.status for answer in answers} <= {200, 409}
    assert [cells(place, one)["Name"] for one in place.table.records].count("Only one") == 1


async def test_a_revert_whose_process_died_before_it_sent_anything_can_be_done_again(
    client: AppClient, place: Place, undo: Undo, database: str
) -> None:
    record = await make(client, place)
    created = await last(client)
    connection = await asyncpg.connect(database)
    await connection.execute(
        'INSERT INTO operations (id, tenant, actor, request_id, trace_id, action, method, base, "table", fields_by_id,'
        " state, reverts, resolve_after) SELECT gen_random_uuid(), tenant, actor, request_id, trace_id,"
        " 'operation.revert', method, base, \"table\", fields_by_id, 'intended', id, now() FROM operations"
    )
    await connection.close()
    assert (await undo(created["id"])).status == 409
    assert await look(client) == 1
    assert (await undo(created["id"])).status == 200
    assert record not in place.table.records


async def test_a_dry_run_tells_what_undoing_would_do_and_does_nothing(
    client: AppClient, place: Place, undo: Undo
) -> None:
    record = await make(client, place, City="Graz")
    answer = (await undo(dry_run=True)).json()
    assert (answer["dry_run"], answer["by"], answer["changes"][0]["kind"]) == (True, None, "delete")
    assert record in place.table.records
    assert (await last(client))["action"] == "record.create"


async def test_a_change_without_a_before_image_cannot_be_undone_and_that_is_said(
    client: AppClient, place: Place, undo: Undo, database: str
) -> None:
    record = await make(client, place)
    await client.patch(f"{place.records}/{record}", json={"fields": {"City": "Graz"}})
    connection = await asyncpg.connect(database)
    await connection.execute("UPDATE operation_records SET before = NULL")
    await connection.close()
    answer = await undo()
    assert answer.status == 207
    assert answer.json()["irrecoverable"] == [f"{record}: What was there before is not in the journal."]


async def test_an_operation_of_another_tenant_is_not_there(client: AppClient, place: Place, undo: Undo) -> None:
    answer = await undo("019d0000-0000-7000-8000-000000000000")
    assert answer.problem == ("airtable.operation-not-found", 404, "airtable-connector")
