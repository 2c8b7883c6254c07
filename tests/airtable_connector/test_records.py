"""Our own routes for records, against the simulated Airtable."""

from typing import Any
from urllib.parse import quote

import orjson
import pytest

from chassis.testing import AppClient
from contracts.airtable_connector import RecordsWritten
from tests.airtable_connector.place import Place


def named(*names: str) -> dict[str, Any]:
    return {"records": [{"fields": {"Name": name}} for name in names]}


async def test_a_table_is_read_page_by_page_to_its_end(client: AppClient, place: Place) -> None:
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params = {"page_size": 60, **({"cursor": cursor} if cursor else {})}
        page = (await client.get(place.records, params=params)).json()
        seen += [record["id"] for record in page["items"]]
        if not (cursor := page["next"]):
            break
    assert len(seen) == len(set(seen)) == len(place.table.records)


async def test_fields_filter_and_sort_do_what_they_say(client: AppClient, place: Place) -> None:
    params = {"fields": ["Name", "City"], "filter": "{Employees} > 100", "sort": ["-City", "Name"]}
    items = (await client.get(place.records, params=params)).json()["items"]
    assert items
    assert {name for record in items for name in record["fields"]} <= {"Name", "City"}
    cities = [record["fields"].get("City", "") for record in items]
    assert cities == sorted(cities, reverse=True)


async def test_cells_can_be_keyed_by_field_id(client: AppClient, place: Place) -> None:
    items = (await client.get(place.records, params={"fields_by_id": True, "page_size": 1})).json()["items"]
    assert all(name.startswith("fld") for name in items[0]["fields"])
    one = await client.get(f"{place.records}/{items[0]['id']}?fields_by_id=true")
    assert one.json()["fields"] == items[0]["fields"]


async def test_a_table_can_be_addressed_by_its_name(client: AppClient, place: Place) -> None:
    answer = await client.get(f"{place.tables}/{quote('Lead import')}/records?page_size=1")
    assert len(answer.json()["items"]) == 1


async def test_a_filter_too_long_for_a_url_is_asked_by_post(client: AppClient, place: Place) -> None:
    wanted = list(place.table.records)[:2]
    formula = "OR(" + ",".join([f"{{Name}}='{'x' * 40}{n}'" for n in range(400)] + ["{Employees} > 0"]) + ")"
    assert len(formula) > 16_000
    answer = await client.get(place.records, params={"filter": formula, "page_size": 2, "sort": "Name"})
    assert answer.status == 200
    assert len(answer.json()["items"]) == len(wanted)
    assert place.asked() == [f"POST /v0/{place.base.id}/{place.table.id}/listRecords"]


async def test_what_was_created_is_read_updated_replaced_and_deleted(client: AppClient, place: Place) -> None:
    created = await client.post(place.records, json=named("One"))
    assert created.status == 201
    record = RecordsWritten.model_validate(created.json()).records[0]
    one = f"{place.records}/{record.id}"

    updated = await client.patch(one, json={"fields": {"City": "Graz", "Employees": 3}})
    assert updated.json()["fields"] == {**updated.json()["fields"], "Name": "One", "City": "Graz", "Employees": 3}
    assert (await client.get(one)).json()["fields"]["City"] == "Graz"

    replaced = await client.put(one, json={"fields": {"Name": "Two"}})
    assert replaced.json()["fields"]["Name"] == "Two"
    assert "City" not in (await client.get(one)).json()["fields"]

    assert (await client.delete(one)).json() == {"id": record.id, "deleted": True}
    gone = await client.get(one)
    assert gone.problem == ("airtable.not-found", 404, "airtable-connector")


async def test_an_empty_cell_clears_also_in_an_upsert(client: AppClient, place: Place) -> None:
    body = {"merge_on": ["Name"], "records": [{"fields": {"Name": "Clearing", "City": "Graz"}}]}
    await client.post(f"{place.records}/upsert", json=body)
    body["records"] = [{"fields": {"Name": "Clearing", "City": None}}]
    answer = await client.post(f"{place.records}/upsert", json=body)
    assert "City" not in answer.json()["records"][0]["fields"]


async def test_25_records_are_created_in_three_calls_and_told_in_order(client: AppClient, place: Place) -> None:
    names = [f"Bulk {n}" for n in range(25)]
    answer = await client.post(place.records, json=named(*names))
    report = RecordsWritten.model_validate(answer.json())
    assert (answer.status, report.complete) == (201, True)
    assert [record.fields["Name"] for record in report.records] == names
    assert [(call.first, call.count, call.outcome) for call in report.calls] == [
        (0, 10, "done"),
        (10, 10, "done"),
        (20, 5, "done"),
    ]


async def test_many_are_updated_replaced_and_deleted(client: AppClient, place: Place) -> None:
    ids = list(place.table.records)[:12]
    changed = [{"id": one, "fields": {"City": "Graz"}} for one in ids]
    updated = await client.patch(place.records, json={"records": changed})
    assert {record["fields"]["City"] for record in updated.json()["records"]} == {"Graz"}
    replaced = await client.put(place.records, json={"records": [{"id": ids[0], "fields": {"Name": "Only a name"}}]})
    assert "City" not in replaced.json()["records"][0]["fields"]
    assert (await client.post(f"{place.records}/delete", json={"ids": ids[:11]})).json()["deleted"] == ids[:11]
    assert (await client.delete(f"{place.records}?ids={ids[11]}")).json()["deleted"] == [ids[11]]
    assert not set(ids) & set(place.table.records)


async def test_upsert_says_what_it_created_and_what_it_updated(client: AppClient, place: Place) -> None:
    body = {"merge_on": ["Name"], **named(*(f"Upsert {n}" for n in range(12)))}
    first = (await client.post(f"{place.records}/upsert", json=body)).json()
    assert (len(first["created"]), first["updated"]) == (12, [])
    second = (await client.post(f"{place.records}/upsert", json=body)).json()
    assert (second["created"], second["updated"]) == ([], first["created"])


async def test_typecast_converts_and_without_it_the_value_is_refused(client: AppClient, place: Place) -> None:
    record = {"records": [{"fields": {"Name": "Typecast", "Employees": "12"}}]}
    refused = await client.post(place.records, json=record)
    assert refused.problem == ("airtable.invalid-request", 422, "airtable-connector")
    assert refused.json()["errors"][0]["field"] == "fields.Employees"
    made = await client.post(place.records, json={**record, "typecast": True})
    assert made.json()["records"][0]["fields"]["Employees"] == 12


async def test_a_batch_that_is_refused_in_the_middle_says_exactly_what_was_written(
    client: AppClient, place: Place
) -> None:
    before = len(place.table.records)
    body = named(*(f"Part {n}" for n in range(35)))
    body["records"][12]["fields"] = {"No such field": 1}
    answer = await client.post(place.records, json=body)
    assert answer.status == 207
    report = RecordsWritten.model_validate(answer.json())
    assert [(call.first, call.count, call.outcome) for call in report.calls] == [
        (0, 10, "done"),
        (10, 10, "failed"),
        (20, 10, "not-sent"),
        (30, 5, "not-sent"),
    ]
    assert report.calls[1].error is not None
    assert report.calls[1].error.code == "airtable.invalid-request"
    assert "No such field" in report.calls[1].error.detail
    assert not report.complete
    assert len(report.records) == len(place.table.records) - before == 10


async def test_a_batch_refused_at_its_first_call_is_a_problem_and_wrote_nothing(
    client: AppClient, place: Place
) -> None:
    before = len(place.table.records)
    body = named(*(f"None {n}" for n in range(15)))
    body["records"][0]["fields"] = {"No such field": 1}
    answer = await client.post(place.records, json=body)
    assert answer.problem == ("airtable.invalid-request", 422, "airtable-connector")
    assert answer.json()["errors"] == [
        {"field": "fields.No such field", "in": "body", "message": 'Unknown field name: "No such field"'}
    ]
    assert len(place.table.records) == before


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("{base}/tables/No such table/records", 404, "airtable.not-found"),
        ("{records}/recUnknown0000000", 404, "airtable.not-found"),
        ("{records}?filter=%7BName%7D %3D", 422, "airtable.invalid-request"),
        ("{records}?filter=%7BNo such field%7D%3D1", 422, "airtable.invalid-request"),
        ("{records}?fields=No such field", 422, "airtable.invalid-request"),
        ("{records}?cursor=garbage", 422, "airtable.invalid-request"),
        ("{records}?view=None", 422, "airtable.invalid-request"),
        ("{records}?page_size=0", 422, "request.invalid"),
        ("{records}?page_size=x", 422, "request.invalid"),
        ("{records}?pagesize=1", 422, "request.invalid"),
    ],
)
async def test_a_bad_address_or_parameter_is_the_clients_fault_and_named(
    client: AppClient, place: Place, path: str, status: int, code: str
) -> None:
    path = path.replace("{records}", place.records).replace("{base}", f"/api/v1/bases/{place.base.id}")
    answer = await client.get(quote(path, safe="/?=%&"))
    assert answer.problem == (code, status, "airtable-connector")
    assert answer.json()["fault"] == "client"


async def test_an_unknown_table_is_told_with_those_that_exist(client: AppClient, place: Place) -> None:
    answer = await client.get(f"{place.tables}/Compnies/records")
    assert "Companies" in answer.json()["detail"]


async def test_a_record_of_another_table_is_not_found(client: AppClient, place: Place) -> None:
    contacts = next(table for table in place.base.tables.values() if table.name == "Contacts")
    answer = await client.get(f"{place.records}/{next(iter(contacts.records))}")
    assert answer.problem == ("airtable.not-found", 404, "airtable-connector")


async def test_a_record_that_airtable_hides_behind_403_is_not_found(client: AppClient, place: Place) -> None:
    place.sandbox.missing_record = "403"
    try:
        answer = await client.get(f"{place.records}/recUnknown0000000")
    finally:
        place.sandbox.missing_record = "404"
    assert answer.problem == ("airtable.not-found", 404, "airtable-connector")
    assert "recUnknown0000000" in answer.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [b"[]", b'{"records": []}', b'{"records": [{"fields": 3}]}', b'{"records": [{"fields": {}}], "recrods": 1}'],
)
async def test_a_body_that_is_not_what_the_route_takes_is_refused_before_airtable(
    client: AppClient, place: Place, body: bytes
) -> None:
    answer = await client.post(place.records, body=body, headers={"content-type": "application/json"})
    assert answer.problem == ("request.invalid", 422, "airtable-connector")
    assert place.asked() == []


async def test_a_filter_may_be_json_and_call_fields_by_id(client: AppClient, place: Place) -> None:
    city = next(field for field in place.table.fields.values() if field.name == "City")
    wanted = orjson.dumps(
        {"and": [{"field": city.id, "op": "eq", "value": "Graz"}, {"field": "Employees", "op": "lt", "value": 50}]}
    ).decode()
    found = (await client.get(place.records, params={"filter": wanted})).json()["items"]
    assert found
    assert all(one["fields"]["City"] == "Graz" and one["fields"].get("Employees", 0) < 50 for one in found)


async def test_a_filter_that_is_none_is_told_place_by_place(client: AppClient, place: Place) -> None:
    answer = await client.get(place.records, params={"filter": '{"field": "City", "op": "like", "value": "x"}'})
    assert answer.problem == ("airtable.invalid-filter", 422, "airtable-connector")
    assert answer.json()["errors"][0]["field"].startswith("filter.")
