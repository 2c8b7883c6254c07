"""What the bus loses, its owner hands over; what this app's own subscription gave up is not lost either."""

import orjson
import pytest

from chassis.testing import AppClient
from tests.chassis.events.waiting import until
from tests.event_processor.arriving import Arriving

OWNER = "airtable-connector"


@pytest.fixture(autouse=True)
def _hurried(monkeypatch):
    """Looks at heads every 0.2 s instead of every 10."""
    monkeypatch.setattr("chassis._complete.COMPARED", 0.1)
    monkeypatch.setattr("chassis._complete.SETTLING", 0.1)


@pytest.fixture
def lost(dapr):
    """Three events that their owner keeps and the bus never brought."""
    events = [Arriving(dapr.bus).made(id=f"lost-{n}", sequence=str(n), subjectsequence=str(n)) for n in (1, 2, 3)]
    dapr.peers[OWNER].answers(json={"head": 3, "oldest": 1, "events": events}, path="/_events")
    return events


async def stored(client):
    return [event["id"] for event in (await client.get("/api/v1/events")).json()["items"]]


async def test_events_that_the_bus_never_brought_are_asked_of_their_owner(lost, client):
    await until(lambda: is_stored(client, lost))


async def is_stored(client, events):
    return await stored(client) == [event["id"] for event in events]


async def test_an_event_in_the_middle_that_is_no_event_holds_up_no_other(lost, client, dapr):
    broken = {**lost[1], "data": {}}
    events = [lost[0], broken, lost[2]]
    dapr.peers[OWNER].answers(json={"head": 3, "oldest": 1, "events": events}, path="/_events")
    await until(lambda: is_stored(client, [lost[0], lost[2]]))
    (found,) = (await client.get("/api/v1/events/quarantine")).json()["items"]
    assert orjson.loads(found["raw"]) == broken


async def test_what_its_own_subscription_gave_up_is_stored_from_its_dead_letters(client: AppClient, arriving):
    event = arriving.made()
    await arriving.brings(event, "dead-letters.event-processor")
    assert await stored(client) == [event["id"]]
