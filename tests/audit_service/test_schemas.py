"""What the metadata of an action should look like."""

import asyncio

from apps.audit_service.service import Schemas
from chassis import Principal
from tests.audit_service.trail import an_entry

TITLED = {"type": "object", "required": ["title"], "properties": {"title": {"type": "string", "maxLength": 5}}}
FLAWS = "SELECT schema_version, flaws FROM append_only.entries ORDER BY index"


async def put(client, action, schema):
    return await client.put(f"/api/v1/audit/schemas/{action}", json={"json_schema": schema})


async def test_an_entry_that_does_not_fit_its_actions_schema_is_taken_and_flagged(client, trail):
    await trail.hand_in([an_entry()])
    assert (await put(client, "note.add", TITLED)).json()["version"] == 1
    lines = [an_entry(metadata={"title": title}) for title in ("short", "too long")] + [an_entry(action="note.drop")]
    receipts = (await trail.hand_in(lines)).json()["receipts"]
    assert [receipt["index"] for receipt in receipts] == [1, 2, 3]
    rows = [tuple(row) for row in await trail.as_app(FLAWS)]
    assert rows[:2] == [(None, []), (1, [])]
    assert rows[2] == (1, ['title: "too long" is longer than 5 characters'])
    assert rows[3] == (None, [])


async def test_a_new_schema_is_a_new_version_and_the_old_ones_stay(client):
    for most in (5, 6):
        answer = await put(client, "note.add", {"properties": {"title": {"maxLength": most}}})
        assert answer.status == 201
    versions = (await client.get("/api/v1/audit/schemas/note.add")).json()["items"]
    assert [(each["version"], each["set_by"]) for each in versions] == [(2, "developer"), (1, "developer")]
    newest = (await client.get("/api/v1/audit/schemas")).json()["items"]
    assert [(each["action"], each["version"]) for each in newest] == [("note.add", 2)]


async def test_a_schema_that_cannot_be_used_or_refers_to_something_outside_is_refused(client):
    for schema in ({"type": "strng"}, {"$ref": "https://example.com/other.json"}):
        answer = await put(client, "note.add", schema)
        assert answer.problem == ("audit.bad-schema", 422, "audit-service")


async def test_of_two_schemas_at_once_each_has_a_version_of_its_own_or_is_told_to_try_again(client):
    answers = await asyncio.gather(*(put(client, "note.add", TITLED) for _ in range(8)))
    refused = [answer for answer in answers if answer.status != 201]
    assert {answer.problem for answer in refused} <= {("audit.schema-raced", 409, "audit-service")}
    versions = (await client.get("/api/v1/audit/schemas/note.add")).json()["items"]
    assert [each["version"] for each in versions] == list(range(8 - len(refused), 0, -1))


async def test_a_schema_is_its_tenants_own(app, client, trail):
    await put(client, "note.add", {"required": ["color"]})
    await trail.hand_in([an_entry(tenant="other")])
    assert [tuple(row) for row in await trail.as_app(FLAWS)] == [(None, [])]
    assert await app.state.chassis.container[Schemas].newest(Principal("somebody", "other")) == []
