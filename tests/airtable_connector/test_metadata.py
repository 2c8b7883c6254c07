"""Bases, tables and whose token sees them."""

from chassis.testing import AppClient
from contracts.airtable_connector import Table, TokenOwner
from tests.airtable_connector.place import Place


async def test_bases_are_listed(client: AppClient, place: Place) -> None:
    answer = await client.get("/api/v1/bases")
    assert answer.status == 200
    assert {"id": place.base.id, "name": place.base.name, "permission_level": "create"} in answer.json()["items"]
    assert answer.json()["next"] is None


async def test_tables_are_told_with_fields_views_and_primary_field(client: AppClient, place: Place) -> None:
    items = (await client.get(place.tables)).json()["items"]
    table = next(Table.model_validate(one) for one in items if one["id"] == place.table.id)
    primary = next(field for field in table.fields if field.id == table.primary_field_id)
    assert (primary.name, primary.type) == ("Name", "singleLineText")
    assert table.views


async def test_whoami_says_whose_token_it_is_and_what_the_platform_lets_it_do(client: AppClient) -> None:
    owner = TokenOwner.model_validate((await client.get("/api/v1/whoami")).json())
    assert owner.id.startswith("usr")
    assert owner.writes_allowed


async def test_what_cannot_be_a_base_id_is_not_found_without_asking_airtable(client: AppClient, place: Place) -> None:
    answer = await client.get("/api/v1/bases/not-an-id/tables")
    assert answer.problem == ("airtable.not-found", 404, "airtable-connector")
    assert "not-an-id" in answer.json()["detail"]
    assert place.asked() == []


async def test_a_base_the_token_does_not_see_is_not_found(client: AppClient) -> None:
    answer = await client.get("/api/v1/bases/appUnknown0000000/tables")
    assert answer.problem == ("airtable.not-found", 404, "airtable-connector")
    assert answer.json()["fault"] == "client"


async def test_records_of_a_base_the_token_does_not_see_are_not_found(client: AppClient) -> None:
    answer = await client.get("/api/v1/bases/appUnknown0000000/tables/Companies/records")
    assert answer.problem == ("airtable.not-found", 404, "airtable-connector")
    assert "appUnknown0000000" in answer.json()["detail"]
