"""Cells are checked by schema-service before Airtable is asked; without it, Airtable judges alone."""

from typing import Any

import pytest

from tests.airtable_connector.place import Place

WRONG = {"record": 1, "field": "Industry", "message": "Retial is not one of its choices. Did you mean Retail?"}


def says(dapr: Any, place: Place, *errors: dict[str, Any]) -> Any:
    path = f"/api/v1/schemas/{place.base.id}/tables/{place.table.id}/check"
    told = {"version": 3, "valid": not errors, "total": len(errors), "errors": list(errors)}
    return dapr.peers["schema-service"].answers(json=told, path=path)


def records(*cells: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"records": [{"fields": one} for one in cells], **more}


async def test_cells_that_do_not_fit_are_refused_field_by_field_and_airtable_is_not_asked(client, dapr, place):
    schemas = says(dapr, place, WRONG)
    answer = await client.post(place.records, json=records({"Name": "a"}, {"Industry": "Retial"}))
    assert answer.problem == ("airtable.invalid-cells", 422, "airtable-connector")
    (error,) = answer.json()["errors"]
    assert (error["field"], error["message"]) == ("records.1.fields.Industry", WRONG["message"])
    assert place.asked() == []
    assert schemas.requests[0].json() == {"records": [{"Name": "a"}, {"Industry": "Retial"}], "typecast": False}


async def test_a_write_of_one_record_is_checked_too_and_so_is_a_dry_run(client, dapr, place):
    says(dapr, place, WRONG | {"record": 0})
    one = f"{place.records}/{next(iter(place.table.records))}"
    for path in (one, f"{one}?dry_run=true"):
        answer = await client.patch(path, json={"fields": {"Industry": "Retial"}})
        assert [error["field"] for error in answer.json()["errors"]] == ["fields.Industry"]
    upsert = records({"Name": "a", "Industry": "Retial"}, merge_on=["Name"])
    assert (await client.post(f"{place.records}/upsert", json=upsert)).status == 422


async def test_what_fits_is_written(client, dapr, place):
    schemas = says(dapr, place)
    answer = await client.post(place.records, json=records({"Name": "a"}, typecast=True))
    assert answer.status == 201
    assert schemas.requests[0].json()["typecast"] is True


@pytest.mark.parametrize("fault", ["dead", "unknown", "denied", "lost", "sidecar-dead"])
async def test_without_schema_service_airtable_judges_alone(client, dapr, place, fault):
    dapr.peers["schema-service"].fails(fault)
    assert (await client.post(place.records, json=records({"Name": "a"}))).status == 201
    refused = await client.post(place.records, json=records({"Nmae": "a"}))
    assert refused.problem[:2] == ("airtable.invalid-request", 422)


@pytest.mark.parametrize("status", [404, 422, 500])
async def test_what_schema_service_cannot_tell_stops_no_write(client, dapr, place, status):
    dapr.peers["schema-service"].answers(status)
    assert (await client.post(place.records, json=records({"Name": "a"}))).status == 201


class TestBoundedInTime:
    @pytest.fixture
    def extra(self) -> dict[str, Any]:
        return {"validation_timeout": 0.05}

    async def test_a_schema_service_that_never_answers_holds_up_no_write(self, client, dapr, place):
        schemas = dapr.peers["schema-service"].fails("frozen")
        assert (await client.post(place.records, json=records({"Name": "a"}))).status == 201
        assert len(schemas.requests) == 1


class TestSwitchedOff:
    @pytest.fixture
    def extra(self) -> dict[str, Any]:
        return {"validation_timeout": 0}

    async def test_nobody_is_asked(self, client, dapr, place):
        schemas = says(dapr, place, WRONG)
        assert (await client.post(place.records, json=records({"Name": "a"}))).status == 201
        assert schemas.requests == []


async def test_who_speaks_as_airtable_does_is_judged_by_airtable_alone(client, dapr, place):
    schemas = says(dapr, place, WRONG)
    await client.post(place.v0, json={"fields": {"Nmae": "a"}})
    assert schemas.requests == []
