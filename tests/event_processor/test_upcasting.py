"""An event of an old version is kept as it came, and read as the newest version would tell it."""

import orjson
import pytest
from pydantic import BaseModel

from apps.event_processor.domain import catalogue
from tests.event_processor.arriving import CREATED, cells

EVENTS = "/api/v1/events"
V1, V2, V3 = (f"airtable-connector.record-created.v{version}" for version in (1, 2, 3))


class Second(BaseModel):
    where: str

    @staticmethod
    def upcast(data):
        return {"where": data["base"]}


class Third(BaseModel):
    places: list[str]

    @staticmethod
    def upcast(data):
        return {"places": [data["where"]]}


@pytest.fixture
def contracts_know(monkeypatch):
    """From now on, contracts have these versions of record-created and no other."""
    others = {kind: model for kind, model in catalogue.types().items() if catalogue.topic_of(kind) != CREATED[:-3]}

    def know(**versions):
        known = others | {f"{CREATED[:-3]}.{version}": model for version, model in versions.items()}
        monkeypatch.setattr(catalogue, "types", lambda: known)

    return know


async def read(client, **params):
    answer = await client.get(EVENTS, params=params)
    assert answer.status == 200, answer.body
    return [(event["type"], event["stored_type"], event["data"]) for event in answer.json()["items"]]


async def test_it_is_told_as_the_newest_version_that_leads_on_from_it(client, arriving, contracts_know):
    await arriving.comes(CREATED)
    assert await read(client) == [(V1, V1, cells())]
    contracts_know(v1=catalogue.types()[CREATED], v2=Second)
    assert await read(client) == [(V2, V1, {"where": "appA"})]
    contracts_know(v2=Second, v3=Third)
    assert await read(client) == [(V3, V1, {"places": ["appA"]})]


async def test_who_asks_for_the_newest_version_gets_the_old_ones_too(client, arriving, contracts_know):
    await arriving.comes(CREATED)
    contracts_know(v2=Second, v3=Third)
    await arriving.comes(V3, data={"places": ["b"]})
    assert [stored for _, stored, _ in await read(client, type=V3)] == [V1, V3]


@pytest.mark.parametrize("type", ["nonsense", "a.v", f"a.v{'9' * 390}", "a.v0"])
async def test_a_type_that_is_none_is_found_nowhere(client, arriving, type):
    await arriving.comes(CREATED)
    assert await read(client, type=type) == []


async def test_one_that_leads_no_further_is_told_as_it_was(client, arriving, contracts_know):
    await arriving.comes(CREATED)
    contracts_know(v1=catalogue.types()[CREATED], v3=Third)
    assert await read(client) == [(V1, V1, cells())]


async def test_a_step_that_cannot_read_what_was_stored_hides_nothing(client, arriving, contracts_know):
    class Strict(Second):
        @staticmethod
        def upcast(data):
            return {"where": data["not there"]}

    await arriving.comes(CREATED)
    contracts_know(v2=Strict)
    assert await read(client) == [(V1, V1, cells())]


async def test_one_that_contracts_have_left_behind_is_still_taken_and_not_quarantined(client, arriving, contracts_know):
    contracts_know(v2=Second)
    await arriving.comes(CREATED)
    await arriving.comes(CREATED, data={})
    assert await read(client) == [(V2, V1, {"where": "appA"})]
    (quarantined,) = (await client.get(f"{EVENTS}/quarantine")).json()["items"]
    assert "no type of event that contracts know" in quarantined["reason"]


async def test_a_consumer_gets_the_version_it_knows(client, arriving, peers, contracts_know):
    await arriving.comes(CREATED)
    contracts_know(v2=Second)
    consumer = peers["audit-service"].answers(json=[{"topic": CREATED[:-3]}], method="GET", path="/dapr/subscribe")
    consumer.answers(204, method="POST", path=f"/dapr/events/{CREATED[:-3]}")
    asked = {"consumer": "audit-service", "events": {"type": [V2]}}
    assert (await client.post(f"{EVENTS}/replays", json=asked)).json()["done"] == 1
    (brought,) = [orjson.loads(each.body) for each in consumer.requests if each.path.startswith("/dapr/events")]
    assert (brought["type"], brought["data"]) == (V2, {"where": "appA"})
