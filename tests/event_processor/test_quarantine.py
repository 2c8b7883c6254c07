"""What came as an event and is none is kept as it came, with the reason."""

import orjson
import pytest

from apps.event_processor.domain import catalogue
from chassis import Principal
from tests.event_processor.arriving import UPDATED, cells

QUARANTINE = "/api/v1/events/quarantine"
TOPIC = UPDATED.removesuffix(".v1")


async def quarantined(client):
    return (await client.get(QUARANTINE)).json()["items"]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"type": "airtable-connector.record-updated.v99"}, "no type of event that contracts know"),
        ({"source": "audit-service"}, "is not who tells of"),
        ({"data": {"base": 1}}, "not valid as airtable-connector.record-updated.v1"),
        ({"subjectsequence": None}, "its place is not known"),
        ({"sequence": "no number"}, "sequence is not a positive whole number"),
        ({"time": "yesterday"}, "no RFC 3339"),
        ({"time": "2026-11-25T10:00:00"}, "no offset"),
        ({"subject": "a\0b"}, "zero character"),
        ({"specversion": "0.3"}, "specversion is not 1.0"),
    ],
)
async def test_an_event_that_is_not_as_contracts_say_is_kept_with_the_reason(client, arriving, wrong, reason):
    event = arriving.made(**wrong)
    await arriving.brings(event, TOPIC)
    await arriving.brings(event, TOPIC)
    (found,) = await quarantined(client)
    assert reason in found["reason"]
    assert orjson.loads(found["raw"]) == event
    assert (await client.get("/api/v1/events")).json()["items"] == []


async def test_bytes_that_are_nothing_at_all_are_kept_too(client, arriving):
    await arriving.brings(b"\xff\0 nonsense", TOPIC)
    (found,) = await quarantined(client)
    assert (found["topic"], found["reason"], found["bytes"]) == (TOPIC, "the body is not valid JSON", 11)


async def test_what_says_not_whose_it_is_is_shown_only_to_who_may_do_everything(client, arriving, acting_as):
    await arriving.brings(b"nonsense", TOPIC)
    await arriving.brings(arriving.made(tenantid="acme", time="never"), TOPIC)
    assert [found["reason"] for found in await quarantined(client)] == ["the body is not valid JSON"]
    seen = await quarantined(acting_as(Principal("ann", "acme")))
    assert [found["reason"] for found in seen] == ["time is no RFC 3339 timestamp"]


async def test_a_quarantined_event_enters_once_contracts_know_it(client, arriving, monkeypatch):
    kind = "airtable-connector.record-updated.v2"
    event = arriving.made(kind, data=cells(Name="Ada"))
    await arriving.brings(event)
    (found,) = await quarantined(client)
    retry = f"{QUARANTINE}/{found['id']}/retry"
    assert (await client.post(retry)).json()["stored"] is False
    known = {**catalogue.types(), kind: catalogue.types()[UPDATED]}
    monkeypatch.setattr(catalogue, "types", lambda: known)
    assert (await client.post(retry)).json() == {"stored": True, "reason": None}
    assert await quarantined(client) == []
    assert (await client.get(f"/api/v1/events/{event['id']}")).json()["type"] == kind
    assert (await client.post(retry)).problem == ("events.unknown-quarantined", 404, "event-processor")


async def test_what_is_in_quarantine_can_be_deleted_by_its_tenant(client, arriving, acting_as):
    await arriving.brings(arriving.made(time="never"))
    (found,) = await quarantined(client)
    one = f"{QUARANTINE}/{found['id']}"
    assert (await acting_as(Principal("ann", "acme")).delete(one)).problem[0] == "events.unknown-quarantined"
    assert (await client.delete(one)).status == 204
    assert await quarantined(client) == []
