"""What writes to Airtable leave in the audit trail, and what a repeated Idempotency-Key gets."""

import asyncio
from typing import Any

import pytest

from chassis.testing import AppClient, Audited
from tests.airtable_connector.place import Place

KEY = {"idempotency-key": "once"}


async def test_a_write_is_one_entry_that_names_table_record_and_operation(
    client: AppClient, place: Place, audit: Audited
) -> None:
    answer = await client.post(place.v0, json={"fields": {"Name": "New"}})
    (entry,) = await audit.entries()
    assert (entry["action"], entry["outcome"]) == ("record.create", "succeeded")
    assert entry["targets"] == [
        {"type": "base", "id": place.base.id},
        {"type": "table", "id": place.table.id},
        {"type": "record", "id": answer.json()["id"]},
    ]
    assert entry["metadata"] == {"operation": answer.headers["x-platform-operation"]}
    assert entry["context"] == {"method": "POST", "route": "/v0/{base}/{table}"}


async def test_a_batch_of_several_calls_is_one_entry(client: AppClient, place: Place, audit: Audited) -> None:
    records = [{"fields": {"Name": f"N{n}"}} for n in range(25)]
    await client.post(place.records, json={"records": records})
    (entry,) = await audit.entries()
    assert len(entry["targets"]) == 27


@pytest.mark.parametrize("surface", ["v0", "records"])
async def test_what_airtable_refuses_has_failed(client: AppClient, place: Place, audit: Audited, surface: str) -> None:
    await client.patch(f"{getattr(place, surface)}/recNowhere00000001", json={"fields": {"Name": "New"}})
    (entry,) = await audit.entries()
    assert (entry["action"], entry["outcome"]) == ("record.update", "failed")
    assert entry["code"].startswith("airtable.")


@pytest.mark.parametrize("path", ["/v0/meta/nothing", "/v0/bases/no-base/webhooks/ach1", "/v0/no-base/T"])
async def test_a_write_to_what_is_not_there_has_failed(
    client: AppClient, place: Place, audit: Audited, path: str
) -> None:
    await client.delete(path)
    (entry,) = await audit.entries()
    assert (entry["action"], entry["outcome"], entry["code"]) == ("request.refuse", "failed", "airtable.not-found")
    assert entry["targets"] == [{"type": "path", "id": path}]


async def test_a_dry_run_says_that_it_was_one(client: AppClient, place: Place, audit: Audited) -> None:
    await client.post(f"{place.records}?dry_run=true", json={"records": [{"fields": {"Name": "New"}}]})
    assert (await audit.entries())[0]["metadata"] == {"dry_run": 1}


class TestReadOnly:
    @pytest.fixture
    def extra(self) -> dict[str, Any]:
        return {"allow_writes": False}

    async def test_a_write_that_is_not_allowed_is_denied(self, client: AppClient, place: Place, audit: Audited) -> None:
        answer = await client.post(place.v0, json={"fields": {"Name": "New"}})
        assert answer.headers["x-platform-code"] == "airtable.read-only"
        assert await audit.only() == ("record.create", "denied")


@pytest.mark.parametrize("surface", ["v0", "records"])
async def test_a_repeated_key_makes_no_second_record_and_gets_the_first_answer(
    client: AppClient, place: Place, audit: Audited, surface: str
) -> None:
    before = len(place.table.records)
    body = {"records": [{"fields": {"Name": "Once"}}]}
    answers = [await client.post(getattr(place, surface), json=body, headers=KEY) for _ in range(2)]
    assert answers[0].body == answers[1].body
    assert answers[0].headers["x-platform-operation"] == answers[1].headers["x-platform-operation"]
    assert answers[1].headers["idempotency-replayed"] == "true"
    assert len(place.table.records) == before + 1
    assert await audit.only() == ("record.create", "succeeded")


async def test_of_equal_writes_at_once_airtable_gets_one(client: AppClient, place: Place) -> None:
    before = len(place.table.records)
    body = {"fields": {"Name": "Once"}}
    answers = await asyncio.gather(*(client.post(place.v0, json=body, headers=KEY) for _ in range(5)))
    assert len(place.table.records) == before + 1
    codes = {answer.headers.get("x-platform-code") for answer in answers}
    assert codes <= {None, "request.under-way"}


async def test_a_key_used_for_another_write_is_refused_in_airtables_shape(client: AppClient, place: Place) -> None:
    await client.post(place.v0, json={"fields": {"Name": "Once"}}, headers=KEY)
    answer = await client.post(place.v0, json={"fields": {"Name": "Other"}}, headers=KEY)
    assert (answer.status, answer.headers["x-platform-code"]) == (422, "request.key-reused")
    assert "error" in answer.json()
