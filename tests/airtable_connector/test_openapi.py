"""What the connector says of itself, which the platform's document is made of."""

import warnings
from typing import Any

import pytest

from apps.airtable_connector.app import create
from apps.airtable_connector.settings import Settings


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return create(Settings()).openapi()


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_every_operation_has_a_summary_a_text_and_a_name_of_its_own(document: dict[str, Any]) -> None:
    found = operations(document)
    assert len(found) == 64
    assert all(one["summary"] and one["description"] for one in found.values())
    assert len({one["operationId"] for one in found.values()}) == len(found)


def test_our_routes_name_the_models_they_take_and_give(document: dict[str, Any]) -> None:
    create_records = operations(document)["POST /api/v1/bases/{base}/tables/{table}/records"]
    taken = create_records["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    given = create_records["responses"]["201"]["content"]["application/json"]["schema"]["$ref"]
    assert (taken.rpartition("/")[2], given.rpartition("/")[2]) == ("NewRecords", "RecordsWritten")
    listed = operations(document)["GET /api/v1/bases/{base}/tables/{table}/records"]
    names = {parameter["name"] for parameter in listed["parameters"]}
    assert names >= {"base", "table", "fields", "filter", "sort", "view", "page_size", "cursor"}
    assert "Listing_Record_" in str(listed["responses"]["200"])


def test_airtables_routes_are_described_with_their_bodies(document: dict[str, Any]) -> None:
    found = operations(document)
    assert "requestBody" in found["POST /v0/{base}/{table}"]
    assert "requestBody" in found["POST /v0/{base}/{table}/listRecords"]
    assert "x-platform-code" in found["GET /v0/{base}/{table}"]["responses"]["default"]["description"]
