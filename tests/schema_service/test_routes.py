"""/api/v1/schemas, as a client of the platform sees it."""

import asyncio
from typing import Any

import pytest

BASE = "appCRM00000000001"
SCHEMAS = f"/api/v1/schemas/{BASE}"
NAME = {"id": "fld1", "name": "Name", "type": "singleLineText"}


def says(peers: Any, *fields: dict[str, Any]) -> None:
    table = {"id": "tbl1", "name": "Deals", "primary_field_id": "fld1", "fields": list(fields)}
    peers["airtable-connector"].answers(json={"items": [table]}, path=f"/api/v1/bases/{BASE}/tables")


async def take(client: Any) -> dict[str, Any]:
    answer = await client.post(f"{SCHEMAS}/versions")
    assert answer.status == 201, answer.json()
    return answer.json()


async def two_versions(client: Any, peers: Any) -> None:
    says(peers, NAME)
    await take(client)
    says(peers, NAME | {"name": "Title"})
    await take(client)


async def test_the_same_schema_seen_again_is_no_new_version_but_fresher(client, peers):
    says(peers, NAME)
    first, second = await take(client), await take(client)
    assert (first["version"], second["version"]) == (1, 1)
    assert (first["taken_at"], first["hash"]) == (second["taken_at"], second["hash"])
    assert first["seen_at"] < second["seen_at"]
    assert (await client.get(SCHEMAS)).json() == second


async def test_a_snapshot_is_of_what_airtable_says_now_not_of_a_cache(client, peers):
    says(peers, NAME)
    await take(client)
    assert peers["airtable-connector"].requests[0].headers["cache-control"] == "no-cache"


async def test_versions_are_listed_newest_first_a_page_at_a_time_and_each_can_be_had(client, peers):
    await two_versions(client, peers)
    page = (await client.get(f"{SCHEMAS}/versions?page_size=1")).json()
    assert ([item["version"] for item in page["items"]], page["next"]) == ([2], "2")
    rest = (await client.get(f"{SCHEMAS}/versions?page_size=1&cursor=2")).json()
    assert ([item["version"] for item in rest["items"]], rest["next"]) == ([1], None)
    old = (await client.get(f"{SCHEMAS}/versions/1")).json()
    assert old["tables"][0]["fields"][0]["name"] == "Name"


async def test_a_changed_schema_is_told_once_with_what_changed(client, dapr, peers):
    await two_versions(client, peers)
    await take(client)
    async with asyncio.timeout(20):
        while not dapr.bus.published:  # noqa: ASYNC110  the relay tells nobody
            await asyncio.sleep(0.01)
        await dapr.bus.settled()
    (event,) = dapr.bus.published
    assert (event["type"], event["subject"]) == ("schema-service.schema-changed.v1", BASE)
    told = event["data"]
    assert (told["version"], told["previous"], told["breaking"], told["total"]) == (2, 1, True, 1)


async def test_two_versions_are_compared_either_way(client, peers):
    await two_versions(client, peers)
    there = (await client.get(f"{SCHEMAS}/diff?before=1")).json()
    back = (await client.get(f"{SCHEMAS}/diff?before=2&after=1")).json()
    assert [(one["kind"], one["before"], one["after"]) for one in there["changes"]] == [("renamed", "Name", "Title")]
    assert [(one["before"], one["after"]) for one in back["changes"]] == [("Title", "Name")]
    assert there["text"].startswith("BREAKING  field Deals.Name renamed: Name → Title")


async def test_drift_compares_with_airtable_and_keeps_nothing(client, peers):
    says(peers, NAME)
    await take(client)
    assert (await client.get(f"{SCHEMAS}/drift")).json()["changes"] == []
    says(peers, NAME, {"id": "fld2", "name": "Sum", "type": "number"})
    found = (await client.get(f"{SCHEMAS}/drift?against=1")).json()
    assert (found["after"], found["breaking"], [one["id"] for one in found["changes"]]) == (None, False, ["fld2"])
    assert (await client.get(SCHEMAS)).json()["version"] == 1


async def test_snapshots_taken_at_once_make_one_version(client, peers):
    says(peers, NAME)
    taken = await asyncio.gather(*(take(client) for _ in range(4)))
    assert {one["version"] for one in taken} == {1}
    assert len((await client.get(f"{SCHEMAS}/versions")).json()["items"]) == 1


async def test_the_period_takes_a_new_version_of_every_known_base_in_its_tenants_name(app, client, dapr, peers):
    says(peers, NAME)
    await take(client)
    says(peers, NAME | {"type": "email"})
    assert await dapr.jobs.tick(app, "look-again")
    current = (await client.get(SCHEMAS)).json()
    assert (current["version"], current["taken_by"]) == (2, "schema-service")


async def test_a_base_that_cannot_be_read_does_not_fail_the_period(app, client, dapr, peers):
    says(peers, NAME)
    await take(client)
    peers["airtable-connector"].answers(404)
    assert await dapr.jobs.tick(app, "look-again")
    assert (await client.get(SCHEMAS)).json()["version"] == 1


async def test_another_tenant_sees_no_version(client, dapr, peers):
    says(peers, NAME)
    await take(client)
    other = {"authorization": f"Bearer {dapr.token(tenant='acme')}"}
    answer = await client.get(SCHEMAS, headers=other)
    assert answer.problem == ("schema.unknown-version", 404, "schema-service")
    assert (await client.get(f"{SCHEMAS}/versions", headers=other)).json()["items"] == []


async def test_a_base_that_airtable_does_not_show_is_unknown_and_the_try_is_in_the_trail(client, audit, peers):
    peers["airtable-connector"].answers(404)
    answer = await client.post(f"{SCHEMAS}/versions")
    assert answer.problem == ("schema.unknown-base", 404, "schema-service")
    assert (await audit.only())[0] == "schema.snapshot"


@pytest.mark.parametrize("path", ["/api/v1/schemas/nonsense", f"{SCHEMAS}/versions/0", f"{SCHEMAS}/diff?before=x"])
async def test_what_is_no_base_or_version_is_refused(client, path):
    assert (await client.get(path)).problem == ("request.invalid", 422, "schema-service")


async def test_a_record_is_checked_against_the_newest_version(client, peers):
    says(peers, NAME)
    await take(client)
    wrong = (await client.post(f"{SCHEMAS}/tables/Deals/validate", json={"fields": {"Nmae": "x", "fld1": 1}})).json()
    assert (wrong["valid"], wrong["version"], [one["field"] for one in wrong["errors"]]) == (False, 1, ["Nmae", "fld1"])
    right = (await client.post(f"{SCHEMAS}/tables/tbl1/validate", json={"fields": {"Name": "x"}})).json()
    assert (right["valid"], right["errors"]) == (True, [])


async def test_a_table_nobody_knows_is_named_with_what_may_have_been_meant(client, peers):
    says(peers, NAME)
    await take(client)
    answer = await client.post(f"{SCHEMAS}/tables/Dealz/validate", json={"fields": {}})
    assert answer.problem == ("schema.unknown-table", 404, "schema-service")
    assert "Did you mean Deals?" in answer.json()["detail"]


def checked(*records: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"records": list(records), **more}


async def test_records_are_checked_before_a_write_and_each_mistake_has_its_record(client, peers):
    says(peers, NAME)
    told = (await client.post(f"{SCHEMAS}/tables/Deals/check", json=checked({"Name": "x"}, {"Nmae": "x"}))).json()
    assert (told["valid"], told["version"], told["total"]) == (False, 1, 1)
    assert [(one["record"], one["field"]) for one in told["errors"]] == [(1, "Nmae")]


async def test_a_base_that_was_never_seen_is_remembered_by_its_first_check(client, peers):
    says(peers, NAME)
    assert (await client.post(f"{SCHEMAS}/tables/tbl1/check", json=checked({"Name": "x"}))).json()["valid"]
    assert (await client.get(SCHEMAS)).json()["version"] == 1
    assert "cache-control" not in peers["airtable-connector"].requests[0].headers


async def test_nobody_is_refused_by_a_schema_that_airtable_has_left_behind(client, peers):
    says(peers, NAME)
    await take(client)
    says(peers, NAME, {"id": "fld2", "name": "Sum", "type": "number"})
    told = (await client.post(f"{SCHEMAS}/tables/Deals/check", json=checked({"Sum": 1}))).json()
    assert (told["valid"], told["version"]) == (True, 2)
    asked = len(peers["airtable-connector"].requests)
    await client.post(f"{SCHEMAS}/tables/Deals/check", json=checked({"Sum": 1}))
    assert len(peers["airtable-connector"].requests) == asked  # what fits the remembered schema costs no call


async def test_a_new_table_is_found_and_one_that_is_nowhere_is_named(client, peers):
    says(peers, NAME)
    await take(client)
    answer = await client.post(f"{SCHEMAS}/tables/Dealz/check", json=checked({"Name": "x"}))
    assert answer.problem == ("schema.unknown-table", 404, "schema-service")


async def test_with_typecast_only_fields_are_checked(client, peers):
    says(peers, NAME)
    sent = checked({"Name": 5}, {"Nmae": 5}, typecast=True)
    told = (await client.post(f"{SCHEMAS}/tables/Deals/check", json=sent)).json()
    assert [one["record"] for one in told["errors"]] == [1]


async def test_a_hundred_mistakes_are_told_and_all_are_counted(client, peers):
    says(peers, NAME)
    told = (await client.post(f"{SCHEMAS}/tables/Deals/check", json=checked(*[{"x": 1}] * 150))).json()
    assert (told["total"], len(told["errors"])) == (150, 100)
