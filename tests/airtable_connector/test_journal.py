"""Every write, on either surface, is in the journal with what was there before, and is told once on the bus."""

from typing import Any

import orjson
import pytest

from chassis.testing import AppClient
from tests.airtable_connector.journal import Told, told
from tests.airtable_connector.place import Place

__all__ = ["told"]


@pytest.fixture
def extra() -> dict[str, Any]:
    return {"before_images": "always"}


async def last(client: AppClient) -> dict[str, Any]:
    """The newest operation with its records."""
    newest = (await client.get("/api/v1/operations?page_size=1")).json()["items"][0]
    found: dict[str, Any] = (await client.get(f"/api/v1/operations/{newest['id']}")).json()
    return found


async def make(client: AppClient, place: Place, **cells: Any) -> str:
    answer = await client.post(place.records, json={"records": [{"fields": {"Name": "New", **cells}}]})
    return str(answer.json()["records"][0]["id"])


async def test_a_create_is_journaled_with_what_it_made_and_told_once(
    client: AppClient, place: Place, told: Told
) -> None:
    answer = await client.post(place.records, json={"records": [{"fields": {"Name": "New", "Employees": 3}}]})
    record = answer.json()["records"][0]["id"]
    operation = await last(client)
    assert operation["id"] == answer.headers["x-platform-operation"] == answer.json()["operation"]
    assert (operation["action"], operation["state"], operation["actor"]) == ("record.create", "done", "developer")
    assert (operation["base"], operation["table"], operation["method"]) == (place.base.id, place.table.id, "POST")
    assert operation["trace_id"] == answer.headers["x-trace-id"]
    (row,) = operation["details"]
    assert (row["kind"], row["record"], row["before"]) == ("create", record, None)
    assert row["after"] == {"Name": "New", "Employees": 3}
    (event,) = await told()
    assert event["type"] == "airtable-connector.record-created.v1"
    assert event["subject"] == f"{place.base.id}/{record}"
    assert event["traceparent"].split("-")[1] == answer.headers["x-trace-id"]
    assert event["data"] == {
        "base": place.base.id,
        "table": place.table.id,
        "record": record,
        "operation": operation["id"],
        "fields": ["Name", "Employees"],
        "fields_by_id": False,
        "values": {"Name": "New", "Employees": 3},
        "values_left_out": False,
    }


@pytest.mark.parametrize("surface", ["typed", "typed-batch", "v0", "v0-batch"])
@pytest.mark.parametrize(("method", "kind"), [("PATCH", "update"), ("PUT", "replace")])
async def test_a_change_is_journaled_with_before_and_after_and_told_with_what_differs(
    client: AppClient, place: Place, told: Told, surface: str, method: str, kind: str
) -> None:
    record = await make(client, place, City="Graz", Employees=3)
    await told()
    one = {"fields": {"Name": "New", "City": "Lyon"}}
    many = {"records": [{"id": record, **one}]}
    path, body = {
        "typed": (f"{place.records}/{record}", one),
        "typed-batch": (place.records, many),
        "v0": (f"{place.v0}/{record}", one),
        "v0-batch": (place.v0, many),
    }[surface]
    answer = await client.request(method, path, json=body)
    assert answer.status == 200
    operation = await last(client)
    assert operation["id"] == answer.headers["x-platform-operation"]
    (row,) = operation["details"]
    assert row["kind"] == kind
    assert row["before"] == {"Name": "New", "City": "Graz", "Employees": 3}
    after = {"Name": "New", "City": "Lyon"} | ({"Employees": 3} if kind == "update" else {})
    assert row["after"] == after
    (event,) = await told()
    changed = {"City": "Lyon"} | ({} if kind == "update" else {"Employees": None})
    assert event["type"] == "airtable-connector.record-updated.v1"
    assert event["data"]["values"] == changed


@pytest.mark.parametrize("surface", ["typed", "typed-batch", "typed-post", "v0", "v0-batch"])
async def test_a_delete_is_journaled_with_what_was_there_and_told(
    client: AppClient, place: Place, told: Told, surface: str
) -> None:
    record = await make(client, place, City="Graz")
    await told()
    method, path, body = {
        "typed": ("DELETE", f"{place.records}/{record}", None),
        "typed-batch": ("DELETE", f"{place.records}?ids={record}", None),
        "typed-post": ("POST", f"{place.records}/delete", {"ids": [record]}),
        "v0": ("DELETE", f"{place.v0}/{record}", None),
        "v0-batch": ("DELETE", f"{place.v0}?records[]={record}", None),
    }[surface]
    assert (await client.request(method, path, json=body)).status == 200
    (row,) = (await last(client))["details"]
    assert (row["kind"], row["before"], row["after"]) == ("delete", {"Name": "New", "City": "Graz"}, None)
    (event,) = await told()
    assert (event["type"], event["data"]["record"]) == ("airtable-connector.record-deleted.v1", record)


async def test_an_upsert_tells_of_each_record_what_it_was(client: AppClient, place: Place, told: Told) -> None:
    record = await make(client, place, Name="It's {there}", City="Graz")
    await told()
    wanted = [{"fields": {"Name": "It's {there}", "City": "Lyon"}}, {"fields": {"Name": "Not yet"}}]
    answer = await client.post(f"{place.records}/upsert", json={"merge_on": ["Name"], "records": wanted})
    operation = await last(client)
    assert operation["action"] == "record.upsert"
    updated, created = operation["details"]
    assert (updated["kind"], updated["record"], updated["before"]["City"]) == ("update", record, "Graz")
    assert (created["kind"], created["record"]) == ("create", answer.json()["created"][0])
    assert sorted(event["type"].split(".")[1] for event in await told()) == ["record-created", "record-updated"]


async def test_a_batch_is_one_operation_and_an_event_each(client: AppClient, place: Place, told: Told) -> None:
    wanted = [{"fields": {"Name": f"Batch {n}"}} for n in range(12)]
    answer = await client.post(place.records, json={"records": wanted})
    operation = await last(client)
    assert operation["id"] == answer.json()["operation"]
    assert [row["position"] for row in operation["details"]] == list(range(12))
    assert [row["record"] for row in operation["details"]] == [one["id"] for one in answer.json()["records"]]
    assert len(await told()) == 12


async def test_what_airtable_refused_is_journaled_as_failed_and_told_to_nobody(
    client: AppClient, place: Place, told: Told
) -> None:
    answer = await client.post(place.records, json={"records": [{"fields": {"Nope": 1}}]})
    assert answer.problem[0] == "airtable.invalid-request"
    operation = await last(client)
    assert (operation["state"], operation["error"]) == ("failed", "airtable.invalid-request")
    assert await told() == []


async def test_a_batch_that_stops_in_the_middle_is_partial(client: AppClient, place: Place, told: Told) -> None:
    wanted = [{"fields": {"Name": f"B {n}"}} for n in range(10)] + [{"fields": {"Nope": 1}}]
    assert (await client.post(place.records, json={"records": wanted})).status == 207
    operation = await last(client)
    assert operation["state"] == "partial"
    assert [row["state"] for row in operation["details"]] == ["done"] * 10 + ["failed"]
    assert len(await told()) == 10


async def test_values_that_are_too_large_for_an_event_are_left_out_and_that_is_said(
    client: AppClient, place: Place, told: Told
) -> None:
    await make(client, place, City="x" * 20_000)
    (event,) = await told()
    assert event["data"]["values"] is None
    assert event["data"]["values_left_out"]
    assert event["data"]["fields"] == ["Name", "City"]


async def test_a_table_called_by_name_is_journaled_by_id(client: AppClient, place: Place, told: Told) -> None:
    await client.post(f"/v0/{place.base.id}/companies", json={"fields": {"Name": "By name"}})
    assert (await last(client))["table"] == place.table.id


async def test_operations_are_filtered_and_read_page_by_page(client: AppClient, place: Place) -> None:
    made = [await make(client, place) for _ in range(3)]
    await client.delete(f"{place.records}/{made[0]}")
    first = (await client.get("/api/v1/operations?page_size=3")).json()
    assert [one["action"] for one in first["items"]] == ["record.delete", "record.create", "record.create"]
    second = (await client.get(f"/api/v1/operations?page_size=3&cursor={first['next']}")).json()
    assert len(second["items"]) == 1
    assert second["next"] is None
    everything = [*first["items"], *second["items"]]
    middle = everything[1]["created_at"].replace("+00:00", "Z")
    for asked, count in [
        (f"base={place.base.id}", 4),
        ("base=appOther000000000", 0),
        (f"table={place.table.id}", 4),
        ("actor=developer", 4),
        ("actor=somebody", 0),
        ("state=done", 4),
        ("state=failed", 0),
        (f"since={middle}", 2),
        (f"until={middle}", 2),
    ]:
        assert len((await client.get(f"/api/v1/operations?{asked}")).json()["items"]) == count, asked


async def test_an_operation_that_is_not_there_is_not_found(client: AppClient) -> None:
    answer = await client.get("/api/v1/operations/019d0000-0000-7000-8000-000000000000")
    assert answer.problem == ("airtable.operation-not-found", 404, "airtable-connector")


async def test_cells_that_postgresql_could_not_keep_as_text_are_journaled_as_they_are(
    client: AppClient, place: Place
) -> None:
    body = orjson.dumps({"fields": {"Name": "nul \0 here"}})
    await client.post(place.v0, body=body, headers={"content-type": "application/json"})
    (row,) = (await last(client))["details"]
    assert row["after"]["Name"] == "nul \0 here"


@pytest.mark.parametrize("dry_run", ["true"])
async def test_a_dry_run_says_what_would_change_and_changes_nothing(
    client: AppClient, place: Place, told: Told, dry_run: str
) -> None:
    record = await make(client, place, City="Graz", Employees=3)
    await told()
    before = len((await client.get("/api/v1/operations")).json()["items"])
    path = f"{place.records}/{record}?dry_run={dry_run}"
    update = await client.patch(path, json={"fields": {"City": "Lyon"}})
    assert update.json()["text"] == f'~ update {record}\n    City: "Graz" → "Lyon"'
    replace = await client.put(path, json={"fields": {"Name": "New"}})
    assert {cell["field"] for cell in replace.json()["changes"][0]["cells"]} == {"City", "Employees"}
    delete = await client.delete(path)
    assert delete.json()["changes"][0]["kind"] == "delete"
    create = await client.post(f"{place.records}?dry_run=true", json={"records": [{"fields": {"Name": "X"}}]})
    assert (create.status, create.json()["text"]) == (200, '+ create a new record\n    Name: (empty) → "X"')
    many = {"records": [{"id": record, "fields": {"City": "Porto"}}]}
    assert (await client.patch(f"{place.records}?dry_run=true", json=many)).json()["dry_run"] is True
    assert (await client.delete(f"{place.records}?ids={record}&dry_run=true")).json()["dry_run"] is True
    upsert = {"merge_on": ["Name"], "records": [{"fields": {"Name": "New", "City": "Porto"}}]}
    changes = (await client.post(f"{place.records}/upsert?dry_run=true", json=upsert)).json()["changes"]
    assert (changes[0]["kind"], changes[0]["record"]) == ("update", record)
    there = await client.get(f"{place.records}/{record}", headers={"cache-control": "no-cache"})
    assert there.json()["fields"] == {"Name": "New", "City": "Graz", "Employees": 3}
    assert len((await client.get("/api/v1/operations")).json()["items"]) == before
    assert await told() == []
