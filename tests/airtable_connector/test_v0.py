"""Airtable's own routes: what stock clients send, and what they must get."""

from typing import Any

import orjson
import pytest

from chassis.testing import AppClient
from sandbox.airtable.embedded import Running
from tests.airtable_connector.place import Place


@pytest.fixture
def slashed(sandbox: Running) -> Place:
    """A table whose name needs encoding."""
    place = Place(sandbox)
    place.table.name = "T 1/2"
    return place


async def asked_directly(place: Place, simulator: Running, path: str) -> bytes:
    """What Airtable itself answers to a stock client."""
    import aiohttp

    headers = {"authorization": "Bearer patTest"}
    async with aiohttp.ClientSession() as session, session.get(simulator.url + path, headers=headers) as answer:
        return await answer.read()


async def test_airtables_answer_passes_byte_for_byte(client: AppClient, place: Place, simulator: Running) -> None:
    path = f"{place.v0}?pageSize=3&fields%5B%5D=Name"
    answer = await client.get(path)
    ours, theirs = orjson.loads(answer.body), orjson.loads(await asked_directly(place, simulator, path))
    ours.pop("offset"), theirs.pop("offset")
    assert ours == theirs
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    "query",
    [
        "?",
        "?pageSize=2&fields%5B%5D=Name&fields%5B%5D=City&sort%5B0%5D%5Bdirection%5D=desc&sort%5B0%5D%5Bfield%5D=Name&offset=",
        "?fields[]=Name&fields[]=City&sort[0][field]=Name&sort[0][direction]=desc&pageSize=2",
        "?fields[0]=Name&fields[1]=City&sort[0][field]=Name&sort[0][direction]=desc&limit=2",
        "?filterByFormula=%7BName%7D+%21%3D+%27%27&maxRecords=2&view=",
        "?returnFieldsByFieldId=1&pageSize=1&cellFormat=json",
    ],
)
async def test_every_spelling_of_parameters_is_understood(client: AppClient, place: Place, query: str) -> None:
    answer = await client.get(place.v0 + query)
    assert answer.status == 200, answer.body
    assert answer.json()["records"]


async def test_a_path_may_end_in_a_slash_and_a_question_mark(client: AppClient, place: Place) -> None:
    made = await client.post(f"{place.v0}/?", json={"records": [{"fields": {"Name": "airtable.js"}}]})
    assert (made.status, len(made.json()["records"])) == (200, 1)
    assert (await client.get(f"{place.v0}/{made.json()['records'][0]['id']}/?")).status == 200


async def test_a_table_name_may_hold_a_slash(client: AppClient, slashed: Place) -> None:
    v0 = f"/v0/{slashed.base.id}/T%201%2F2"
    page = (await client.get(f"{v0}?pageSize=1")).json()
    record = page["records"][0]["id"]
    assert (await client.get(f"{v0}/{record}")).json()["id"] == record
    assert (await client.patch(f"{v0}/{record}", json={"fields": {"City": "Graz"}})).status == 200
    assert (await client.post(f"{v0}/listRecords", json={"pageSize": 1})).status == 200
    typed = f"/api/v1/bases/{slashed.base.id}/tables/T%201%2F2/records"
    assert (await client.get(f"{typed}/{record}")).json()["fields"]["City"] == "Graz"


async def test_list_records_takes_keys_it_does_not_know(client: AppClient, place: Place) -> None:
    body = {"pageSize": 2, "method": "post", "timeZone": "UTC", "userLocale": "en"}
    answer = await client.post(f"{place.v0}/listRecords?timeZone=UTC&userLocale=en", json=body)
    assert len(answer.json()["records"]) == 2


async def test_a_formula_in_the_body_may_call_fields_by_id(client: AppClient, place: Place) -> None:
    city = next(field for field in place.table.fields.values() if field.name == "City")
    body = {"filterByFormula": f"{{{city.id}}} = 'Graz'"}
    found = (await client.post(f"{place.v0}/listRecords", json=body)).json()["records"]
    assert found
    assert {one["fields"]["City"] for one in found} == {"Graz"}


async def test_one_is_created_in_the_single_form_and_replaced_updated_deleted(client: AppClient, place: Place) -> None:
    made = (await client.post(place.v0, json={"fields": {"Name": "Single"}})).json()
    one = f"{place.v0}/{made['id']}"
    assert (await client.patch(one, json={"fields": {"City": "Graz"}})).json()["fields"]["City"] == "Graz"
    assert "City" not in (await client.put(one, json={"fields": {"Name": "Single"}})).json()["fields"]
    assert (await client.delete(one)).json() == {"deleted": True, "id": made["id"]}


async def test_many_are_created_upserted_replaced_and_deleted(client: AppClient, place: Place) -> None:
    records = [{"fields": {"Name": f"Many {n}"}} for n in range(3)]
    body: dict[str, Any] = {"records": records, "performUpsert": {"fieldsToMergeOn": ["Name"]}}
    made = (await client.patch(place.v0, json=body)).json()
    assert len(made["createdRecords"]) == 3
    replaced = [{"id": one, "fields": {"City": "Graz"}} for one in made["createdRecords"]]
    assert (await client.put(place.v0, json={"records": replaced})).json()["records"][0]["fields"]["City"] == "Graz"
    gone = await client.delete(place.v0, params={"records[]": made["createdRecords"]})
    assert [one["deleted"] for one in gone.json()["records"]] == [True] * 3


async def test_metadata_is_airtables(client: AppClient, place: Place) -> None:
    assert (await client.get("/v0/meta/whoami")).json()["id"].startswith("usr")
    assert place.base.id in {one["id"] for one in (await client.get("/v0/meta/bases")).json()["bases"]}
    tables = (await client.get(f"/v0/meta/bases/{place.base.id}/tables?include=visibleFieldIds")).json()["tables"]
    assert tables[0]["primaryFieldId"].startswith("fld")


@pytest.mark.parametrize(
    ("path", "status", "body", "code", "fault"),
    [
        ("{v0}/recUnknown0000000", 404, {"error": {"type": "MODEL_ID_NOT_FOUND", "message": "Record not found"}},
         "airtable.not-found", "client"),
        ("{v0}?fields[]=Nope", 422, {"error": {"type": "UNKNOWN_FIELD_NAME", "message": 'Unknown field name: "Nope"'}},
         "airtable.invalid-request", "client"),
    ],
)  # fmt: skip
async def test_airtables_refusal_passes_as_it_is_and_headers_say_what_we_know(
    client: AppClient, place: Place, path: str, status: int, body: Any, code: str, fault: str
) -> None:
    answer = await client.get(path.replace("{v0}", place.v0))
    assert (answer.status, answer.json()) == (status, body)
    assert answer.headers["x-platform-code"] == code
    assert answer.headers["x-platform-service"] == "airtable-connector"
    assert answer.headers["x-platform-fault"] == fault
    assert len(answer.headers["x-trace-id"]) == 32


async def test_a_hidden_table_keeps_airtables_body_and_the_header_says_that_it_does_not_exist(
    client: AppClient, place: Place
) -> None:
    answer = await client.get(f"/v0/{place.base.id}/No%20such%20table")
    assert answer.status == 403
    assert answer.json()["error"]["type"] == "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"
    assert answer.headers["x-platform-code"] == "airtable.not-found"


@pytest.mark.parametrize(
    "path",
    [
        "/v0/junk/Table",
        "/v0/meta/nothing",
        "/v0/..%2fadmin/x",
        "/v0/%2e%2e%2fadmin",
        "/v0/{base}/%2e%2e",
        "/v0/{base}/.",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "PUT", "DELETE"])
async def test_what_is_no_route_is_not_found_in_airtables_shape_and_goes_nowhere(
    client: AppClient, place: Place, method: str, path: str
) -> None:
    answer = await client.request(method, path.replace("{base}", place.base.id))
    assert answer.status == 404
    assert answer.json() == {"error": "NOT_FOUND"}
    assert answer.headers["x-platform-code"] == "airtable.not-found"
    assert place.asked() == []


async def test_metadata_cannot_be_written_through_the_routes_of_records(client: AppClient, place: Place) -> None:
    answer = await client.put("/v0/meta/bases", json={"name": "x", "workspaceId": "wspx", "tables": []})
    assert answer.status == 404
    assert place.asked() == []


async def test_malformed_json_is_airtables_to_refuse(client: AppClient, place: Place) -> None:
    answer = await client.post(place.v0, body=b"{not json", headers={"content-type": "application/json"})
    assert answer.status == 422
    assert answer.json()["error"]["type"] == "INVALID_REQUEST_BODY"
    assert answer.headers["x-platform-code"] == "airtable.invalid-request"


async def test_a_body_as_large_as_a_file_is_passed_on(client: AppClient, place: Place) -> None:
    answer = await client.post(place.v0, body=b'{"fields": {"Name": "' + b"x" * 2_000_000 + b'"}}')
    assert len(answer.json()["fields"]["Name"]) == 2_000_000


async def test_a_body_over_the_limit_is_refused_in_airtables_shape(client: AppClient, place: Place) -> None:
    big = b'{"fields": {"Name": "' + b"x" * 8_400_000 + b'"}}'
    answer = await client.post(place.v0, body=big, headers={"content-length": None})
    assert answer.status == 413
    assert answer.json()["error"]["type"] == "REQUEST_TOO_LARGE"
    assert answer.headers["x-platform-code"] == "request.too-large"
