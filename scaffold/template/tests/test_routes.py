"""/api/v1/example, as a client of the platform sees it."""

import asyncio

import pytest

BASE = "appCRM00000000001"
BASES = "/api/v1/example"
TABLES = f"/api/v1/bases/{BASE}/tables"


def a_table(name: str, fields: int) -> dict[str, object]:
    field = {"id": "fld00000000000001", "name": "Name", "type": "singleLineText"}
    return {"id": "tbl00000000000001", "name": name, "primary_field_id": field["id"], "fields": [field] * fields}


async def measured(client, dapr) -> dict[str, object]:
    """The summary, once the event that asked for it has come and gone."""
    async with asyncio.timeout(20):
        while not dapr.bus.published:  # noqa: ASYNC110  the relay tells nobody
            await asyncio.sleep(0.01)
        await dapr.bus.settled()
    return (await client.get(f"{BASES}/{BASE}")).json()


async def test_a_remembered_base_is_measured_soon_after(client, dapr, peers):
    tables = [a_table("Deals", 2), a_table("Contacts", 5)]
    peers["airtable-connector"].answers(json={"items": tables}, path=TABLES)
    answer = await client.post(BASES, json={"base": BASE})
    assert (answer.status, answer.json()["base"]) == (201, BASE)
    found = await measured(client, dapr)
    assert (found["tables"], found["fields"]) == (2, 7)
    assert found["widest"] == [{"name": "Contacts", "fields": 5}, {"name": "Deals", "fields": 2}]


async def test_remembering_a_base_is_told_once_on_behalf_of_who_did_it(client, dapr, peers):
    peers["airtable-connector"].answers(json={"items": []})
    for _ in range(2):
        await client.post(BASES, json={"base": BASE})
    await measured(client, dapr)
    (event,) = dapr.bus.published
    assert (event["type"], event["subject"]) == ("example-service.base-remembered.v1", BASE)
    assert (event["tenantid"], event["actorid"]) == ("local", "developer")


async def test_a_base_of_another_tenant_is_unknown(client, dapr, peers):
    peers["airtable-connector"].answers(json={"items": []})
    await client.post(BASES, json={"base": BASE})
    other = {"authorization": f"Bearer {dapr.token(tenant='acme')}"}
    answer = await client.get(f"{BASES}/{BASE}", headers=other)
    assert answer.problem == ("example.unknown-base", 404, "example-service")


async def test_a_base_that_airtable_does_not_show_is_a_dead_letter_at_once(client, dapr, peers):
    peers["airtable-connector"].answers(404)
    await client.post(BASES, json={"base": BASE})
    assert (await measured(client, dapr))["measured_at"] is None
    assert [letter["subject"] for letter in dapr.bus.dead_letters["dead-letters.example-service"]] == [BASE]
    assert len(peers["airtable-connector"].requests) == 1


@pytest.mark.parametrize("base", ["nonsense", "", "app/../../../../x"])
async def test_what_is_no_base_id_is_refused(client, base):
    answer = await client.post(BASES, json={"base": base})
    assert answer.problem == ("request.invalid", 422, "example-service")


async def test_remembering_a_base_is_in_the_audit_trail(client, audit, peers):
    peers["airtable-connector"].answers(json={"items": []}, path=TABLES)
    await client.post(BASES, json={"base": BASE})
    assert await audit.only() == ("example.remember", "succeeded")


async def test_what_is_refused_is_in_the_audit_trail_too(client, audit):
    await client.post(BASES, json={"base": "nonsense"})
    assert await audit.only() == ("example.remember", "failed")


async def test_a_repeated_key_gets_the_first_answer_again(client, audit, peers):
    peers["airtable-connector"].answers(json={"items": []}, path=TABLES)
    first, again = [await client.post(BASES, json={"base": BASE}, headers={"idempotency-key": "k"}) for _ in range(2)]
    assert (again.status, again.body, again.headers["idempotency-replayed"]) == (201, first.body, "true")
    assert await audit.only() == ("example.remember", "succeeded")
