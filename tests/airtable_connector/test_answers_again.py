"""A key whose first answer was lost: who repeats it gets the answer, once it is known what became of the write."""

from typing import Any

import asyncpg
import orjson
import pytest

from chassis.testing import AppClient, FakeDapr
from chassis.testing._client import Reply
from tests.airtable_connector.place import Place
from tests.airtable_connector.test_journal import last, make
from tests.airtable_connector.test_lost_answers import look, lose

ASKED = [
    *("create", "create-one", "create-many", "update", "update-one", "replace-one", "delete", "delete-one"),
    *("upsert", "v1-create", "v1-update", "v1-update-one", "v1-delete", "v1-delete-one", "v1-upsert"),
]


@pytest.fixture
def extra() -> dict[str, Any]:
    return {"before_images": "always"}


async def begin_anew(place: Place, database: str) -> None:
    """Ids come again after a reset: nobody may know them."""
    place.sandbox.reset(None)
    connection = await asyncpg.connect(database)
    await connection.execute("TRUNCATE operations, audit_outbox CASCADE")
    await connection.close()


async def settle(client: AppClient, dapr: FakeDapr, database: str) -> None:
    """As if the time of everything whose end nobody wrote down had come."""
    connection = await asyncpg.connect(database)
    await connection.execute("UPDATE operations SET resolve_after = now() WHERE state = 'intended'")
    await connection.execute("UPDATE audit_outbox SET held_until = now() WHERE held_until IS NOT NULL")
    await connection.close()
    await look(client)
    assert (await client.post("/job/settle-audit-entries", headers=dapr.headers())).status == 200


def request(kind: str, place: Place, record: str) -> tuple[str, str, Any]:
    cells = {"Name": "New", "Employees": 7}
    one = f"{place.v0}/{record}"
    mine = f"{place.records}/{record}"
    batch = {"records": [{"fields": cells}, {"fields": {"Name": "Second"}}]}
    changes = {"records": [{"id": record, "fields": cells}]}
    upsert = {"records": [{"fields": {"Name": "Ada", "City": "Lyon"}}, {"fields": {"Name": "Nobody yet"}}]}
    return {
        "create": ("POST", place.v0, batch),
        "create-one": ("POST", place.v0, {"fields": cells}),
        "create-many": ("POST", place.records, {"records": [{"fields": {"Name": f"N{n}"}} for n in range(12)]}),
        "update": ("PATCH", place.v0, changes),
        "update-one": ("PATCH", one, {"fields": cells}),
        "replace-one": ("PUT", one, {"fields": cells}),
        "delete": ("DELETE", f"{place.v0}?records[]={record}", None),
        "delete-one": ("DELETE", one, None),
        "upsert": ("PATCH", place.v0, {**upsert, "performUpsert": {"fieldsToMergeOn": ["Name"]}}),
        "v1-create": ("POST", place.records, batch),
        "v1-update": ("PATCH", place.records, {**changes, "fields_by_id": True}),
        "v1-update-one": ("PATCH", mine, {"fields": cells}),
        "v1-delete": ("DELETE", f"{place.records}?ids={record}", None),
        "v1-delete-one": ("DELETE", mine, None),
        "v1-upsert": ("POST", f"{place.records}/upsert", {**upsert, "merge_on": ["Name"]}),
    }[kind]


def told(answer: Reply, operation: str) -> Any:
    """What an answer says, its ids by where they first stand: two runs differ in nothing else but their times.

    Times are whole seconds: whether two records share one depends on when a second ended, so all read alike.
    """
    names: dict[str, str] = {operation: "the operation"}

    def named(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: named(one) for key, one in value.items()}
        if isinstance(value, list):
            return [named(one) for one in value]
        if isinstance(value, str) and value.endswith(".000Z"):
            return "a time"
        looks = isinstance(value, str) and value[:3] == "rec"
        return names.setdefault(value, f"{len(names)}") if looks or value == operation else value

    return answer.status, answer.headers["content-type"].split(";")[0], named(orjson.loads(answer.body))


@pytest.mark.parametrize("kind", ASKED)
async def test_a_repeated_key_gets_the_answer_that_was_lost(
    client: AppClient, place: Place, dapr: FakeDapr, database: str, kind: str
) -> None:
    """Of equal writes, one is answered and one is not: the repeated key makes their answers equal."""
    method, path, body = request(kind, place, await make(client, place, Name="Ada", City="Graz"))
    answered = await client.request(method, path, json=body)
    assert answered.status < 300, answered.body
    usual = told(answered, (await last(client))["id"])
    await begin_anew(place, database)
    method, path, body = request(kind, place, await make(client, place, Name="Ada", City="Graz"))
    lose(place, "PATCH" if "upsert" in kind else method)
    key = {"headers": {"idempotency-key": "once"}}
    first = await client.request(method, path, json=body, **key)
    if kind == "create-many":
        assert (first.status, first.json()["complete"]) == (207, False)
    else:
        assert (first.headers.get("x-platform-code") or first.problem[0]) == "airtable.write-unknown"
    await settle(client, dapr, database)
    place.sandbox.log.clear()
    again = await client.request(method, path, json=body, **key)
    assert again.headers["idempotency-replayed"] == "true"
    operation = await last(client)
    assert again.headers["x-platform-operation"] == operation["id"]
    assert place.asked() == []
    if kind == "create-many":  # the second call was never sent, and never is by itself
        assert again.status == 207
        report = again.json()
        assert [call["outcome"] for call in report["calls"]] == ["done", "not-sent"]
        assert [(call["first"], call["count"]) for call in report["calls"]] == [(0, 10), (10, 2)]
        assert [record["fields"]["Name"] for record in report["records"]] == [f"N{n}" for n in range(10)]
    else:
        assert told(again, operation["id"]) == usual


async def test_a_key_whose_write_stays_unknown_is_told_where_to_look(
    client: AppClient, place: Place, dapr: FakeDapr, database: str
) -> None:
    """As when somebody else made the same record meanwhile, and nobody can tell which of the two is ours."""
    lose(place, "POST", count=1)
    request_ = {"json": {"fields": {"Name": "Twin"}}, "headers": {"idempotency-key": "once"}}
    await client.post(place.v0, **request_)
    operation = (await last(client))["id"]
    connection = await asyncpg.connect(database)
    await connection.execute("UPDATE operations SET state = 'unknown', resolve_after = NULL")
    await connection.execute("UPDATE operation_records SET state = 'unknown'")
    await connection.close()
    await settle(client, dapr, database)
    again = await client.post(place.v0, **request_)
    assert again.headers["x-platform-code"] == "request.answer-not-kept"
    assert operation in again.json()["error"]["message"]
