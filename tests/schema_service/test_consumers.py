"""Who relies on a schema, and under which names."""

from typing import Any

import pytest

from tests.schema_service.test_routes import BASE, NAME, SCHEMAS, says, take

BILLING = f"{SCHEMAS}/consumers/billing"
SUM = {"id": "fld2", "name": "Sum", "type": "number"}


async def declare(client: Any, **said: Any) -> dict[str, Any]:
    answer = await client.put(BILLING, json=said)
    assert answer.status == 200, answer.body
    return answer.json()


async def test_a_renamed_field_goes_on_under_the_name_a_consumer_knows(client, peers):
    says(peers, NAME, SUM)
    await take(client)
    assert (await declare(client, uses=["Deals.Sum"]))["aliases"] == []
    says(peers, NAME, SUM | {"name": "Amount"})
    await take(client)
    found = (await client.get(BILLING)).json()
    assert (found["version"], found["current"], found["broken"]) == (1, 2, False)
    table = {"table_id": "tbl1", "called": "Deals", "name": "Deals"}
    assert found["aliases"] == [{**table, "fields": {"Sum": "Amount"}, "hidden": []}]
    assert "Deals.Sum is Deals.Amount" in found["text"]


async def test_a_new_field_under_an_old_name_is_hidden_from_who_knows_another_by_it(client, peers):
    says(peers, NAME, SUM)
    await take(client)
    await declare(client)
    says(peers, NAME, SUM | {"name": "Amount"}, {"id": "fld3", "name": "Sum", "type": "email"})
    await take(client)
    (table,) = (await client.get(BILLING)).json()["aliases"]
    assert (table["fields"], table["hidden"]) == ({"Sum": "Amount"}, ["Sum"])


@pytest.mark.parametrize(
    ("uses", "after", "broken"),
    [
        (["Deals.Sum"], [NAME], True),
        (["fld2"], [NAME, SUM | {"type": "email"}], True),
        (["Deals"], [NAME], True),
        ([], [NAME], True),
        (["Deals.Name"], [NAME], False),
        (["Deals.Sum"], [NAME, SUM, {"id": "fld3", "name": "New", "type": "url"}], False),
    ],
)
async def test_a_consumer_is_broken_only_by_what_becomes_of_what_it_uses(client, peers, uses, after, broken):
    says(peers, NAME, SUM)
    await take(client)
    await declare(client, uses=uses)
    says(peers, *after)
    await take(client)
    assert (await client.get(BILLING)).json()["broken"] is broken


async def test_declared_again_it_is_as_declared_last_and_forgotten_it_is_gone(client, audit, peers):
    says(peers, NAME, SUM)
    await take(client)
    await declare(client, uses=["Deals.Sum"])
    assert (await declare(client, uses=["Deals"]))["uses"] == ["tbl1"]
    listed = (await client.get(f"{SCHEMAS}/consumers")).json()["items"]
    assert [(one["consumer"], one["version"]) for one in listed] == [("billing", 1)]
    assert (await client.delete(BILLING)).status == 204
    for answer in (await client.get(BILLING), await client.delete(BILLING)):
        assert answer.problem == ("schema.unknown-consumer", 404, "schema-service")


async def test_what_a_consumer_uses_must_be_there(client, peers):
    says(peers, NAME)
    await take(client)
    answer = await client.put(BILLING, json={"uses": ["Deals.Nmae"]})
    assert answer.problem == ("schema.unknown-thing", 404, "schema-service")
    assert "Did you mean Deals.Name?" in answer.json()["detail"]
    assert (await client.put(BILLING, json={"version": 9})).problem[0] == "schema.unknown-version"
    assert (await client.put(f"{SCHEMAS}/consumers/No good", json={})).status == 422


async def test_another_tenant_knows_no_consumer(client, dapr, peers):
    says(peers, NAME)
    await take(client)
    await declare(client)
    other = {"authorization": f"Bearer {dapr.token(tenant='acme')}"}
    assert (await client.get(BILLING, headers=other)).status == 404
    assert (await client.get(f"/api/v1/schemas/{BASE}/consumers", headers=other)).json()["items"] == []
