"""Searches that a tenant keeps by name."""

import pytest

from apps.audit_service.service import searches
from tests.audit_service.trail import an_entry

FAILED = {"outcome": "failed", "address": "192.0.2.0/24"}
PATH = "/api/v1/audit/searches"


def asked_from(address: str, **changes) -> bytes:
    return an_entry(context={"method": "POST", "route": "/api/v1/notes", "address": address}, **changes)


async def found(client, name: str = "failed-here", **params) -> list[int]:
    answer = await client.get(f"{PATH}/{name}/entries", params=params)
    assert answer.status == 200, answer.body
    return [each["index"] for each in answer.json()["items"]]


async def test_a_kept_search_finds_what_is_there_when_it_is_run(client, trail):
    kept = (await client.put(f"{PATH}/failed-here", json=FAILED)).json()
    assert (kept["name"], kept["set_by"]) == ("failed-here", "developer")
    assert {name: value for name, value in kept["filter"].items() if value} == FAILED
    assert await found(client) == []
    await trail.hand_in(
        [
            asked_from("192.0.2.7", outcome="failed"),
            asked_from("192.0.2.7"),
            asked_from("198.51.100.1", outcome="failed"),
            asked_from("192.0.2.200", outcome="failed"),
        ]
    )
    assert await found(client) == [3, 0]
    page = (await client.get(f"{PATH}/failed-here/entries?page_size=1")).json()
    assert page["next"] == "3"
    assert await found(client, page_size="1", cursor="3") == [0]


async def test_one_of_the_same_name_is_replaced_and_one_that_is_deleted_is_gone(client, trail):
    await trail.fill(1)
    await client.put(f"{PATH}/mine", json={"outcome": "failed"})
    await client.put(f"{PATH}/mine", json={"outcome": "succeeded"})
    assert await found(client, "mine") == [0]
    listed = (await client.get(PATH)).json()["items"]
    assert [(each["name"], each["filter"]["outcome"]) for each in listed] == [("mine", "succeeded")]
    assert (await client.delete(f"{PATH}/mine")).status == 204
    for answer in (
        await client.get(f"{PATH}/mine"),
        await client.get(f"{PATH}/mine/entries"),
        await client.delete(f"{PATH}/mine"),
    ):
        assert (answer.status, answer.problem[0]) == (404, "audit.unknown-search")


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("mine", {"outcom": "failed"}),
        ("mine", {"address": "192.0.2.7/24"}),
        ("mine", {"address": "nowhere"}),
        ("mine", {"since": "yesterday"}),
        ("mine", []),
        ("Mine%20", {}),
    ],
)
async def test_what_could_not_be_searched_is_not_kept(client, name, body):
    assert (await client.put(f"{PATH}/{name}", json=body)).status == 422
    assert (await client.get(PATH)).json()["items"] == []


async def test_a_tenant_keeps_so_many_and_no_more_and_may_still_replace_one(client, monkeypatch):
    monkeypatch.setattr(searches, "MOST", 2)
    for name in ("a", "b"):
        assert (await client.put(f"{PATH}/{name}", json={})).status == 200
    assert (await client.put(f"{PATH}/c", json={})).problem[0] == "audit.searches-full"
    assert (await client.put(f"{PATH}/b", json={"outcome": "denied"})).status == 200
