"""Which events there are, and the shape of each."""

from apps.event_processor.domain import catalogue
from tests.event_processor.arriving import FAILED, UPDATED

SCHEMAS = "/api/v1/events/schemas"


async def test_every_type_is_listed_with_its_owner_and_version(client):
    listed = (await client.get(SCHEMAS)).json()["items"]
    assert [each["type"] for each in listed] == sorted(catalogue.types())
    (updated,) = [each for each in listed if each["type"] == UPDATED]
    assert updated == {
        "type": UPDATED,
        "topic": "airtable-connector.record-updated",
        "owner": "airtable-connector",
        "version": 1,
        "about": "A record was updated or replaced; `fields` is empty when it said what was there already.",
    }


async def test_the_schema_of_a_type_says_what_its_data_must_have(client):
    schema = (await client.get(f"{SCHEMAS}/{FAILED}")).json()["data"]
    assert set(schema["required"]) == {"event", "topic", "type", "handler", "attempt", "problem"}


async def test_a_type_that_nobody_tells_is_unknown(client):
    answer = await client.get(f"{SCHEMAS}/airtable-connector.record-updated.v99")
    assert answer.problem == ("events.unknown-type", 404, "event-processor")
