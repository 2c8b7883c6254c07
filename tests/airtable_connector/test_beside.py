"""Comments, webhooks, schemas and files, on both surfaces."""

from base64 import b64decode
from typing import Any

import asyncpg
import pytest

from chassis.testing import AppClient, Audited
from tests.airtable_connector.place import Place
from tests.airtable_connector.scripted import ScriptedAirtable

BASE = "appScripted000000"
TABLE: dict[str, Any] = {
    "id": "tblA", "name": "Places", "primaryFieldId": "fldA", "views": [],
    "fields": [{"id": "fldA", "name": "Name", "type": "singleLineText"}],
}  # fmt: skip
NAMES = {"specification": {"options": {"filters": {"dataTypes": ["tableData"]}}}}


@pytest.fixture
def comments(place: Place) -> str:
    return f"{place.records}/{next(iter(place.table.records))}/comments"


async def test_a_comment_is_written_answered_edited_listed_and_deleted(client: AppClient, comments: str) -> None:
    first = await client.post(comments, json={"text": "Hello"})
    assert (first.status, first.json()["text"]) == (201, "Hello")
    one = first.json()["id"]
    answer = (await client.post(comments, json={"text": "And you", "parent_comment_id": one})).json()
    assert answer["parent_comment_id"] == one
    edited = (await client.patch(f"{comments}/{one}", json={"text": "Hello there"})).json()
    assert edited["last_updated_time"]
    newest = (await client.get(f"{comments}?page_size=1")).json()
    assert [item["id"] for item in newest["items"]] == [answer["id"]]
    older = (await client.get(f"{comments}?page_size=1&cursor={newest['next']}")).json()
    assert [item["text"] for item in older["items"]] == ["Hello there"]
    assert (await client.delete(f"{comments}/{one}")).json() == {"id": one, "deleted": True}


async def test_a_comment_is_one_audit_entry_and_its_repetition_one_comment(
    client: AppClient, place: Place, comments: str, audit: Audited
) -> None:
    answers = [
        await client.post(comments, json={"text": "Once"}, headers={"idempotency-key": "once"}) for _ in range(2)
    ]
    assert answers[0].body == answers[1].body
    assert len((await client.get(comments)).json()["items"]) == 1
    (entry,) = await audit.entries()
    assert (entry["action"], entry["outcome"]) == ("comment.create", "succeeded")
    assert [target["type"] for target in entry["targets"]] == ["base", "table", "record"]


async def test_airtables_own_clients_comment_in_airtables_shapes(client: AppClient, place: Place) -> None:
    path = f"{place.v0}/{next(iter(place.table.records))}/comments"
    made = (await client.post(path, json={"text": "Hello"})).json()
    assert made["createdTime"]
    assert (await client.patch(f"{path}/{made['id']}", json={"text": "Hi"})).json()["text"] == "Hi"
    assert [one["id"] for one in (await client.get(path)).json()["comments"]] == [made["id"]]
    assert (await client.delete(f"{path}/{made['id']}")).json() == {"id": made["id"], "deleted": True}
    refused = await client.post(path, json={})
    assert (refused.status, refused.json()["error"]["type"]) == (422, "INVALID_REQUEST_MISSING_FIELDS")


async def test_a_webhook_is_made_read_refreshed_silenced_and_deleted(client: AppClient, place: Place) -> None:
    hooks = f"/api/v1/bases/{place.base.id}/webhooks"
    made = await client.post(hooks, json=NAMES)
    assert (made.status, bool(made.json()["mac_secret_base64"])) == (201, True)
    one = f"{hooks}/{made.json()['id']}"
    await client.post(place.records, json={"records": [{"fields": {"Name": "Told"}}]})
    told = (await client.get(f"{one}/payloads")).json()
    assert (len(told["payloads"]), told["cursor"], told["might_have_more"]) == (1, 2, False)
    assert (await client.get(f"{one}/payloads?cursor=2")).json()["payloads"] == []
    assert (await client.post(f"{one}/refresh")).json()["expiration_time"]
    assert (await client.post(f"{one}/notifications", json={"enable": False})).status == 204
    (listed,) = (await client.get(hooks)).json()["items"]
    assert listed["cursor_for_next_payload"] == 2
    assert "mac_secret_base64" not in listed
    assert (await client.delete(one)).status == 204
    assert (await client.get(hooks)).json()["items"] == []


async def test_the_secret_of_a_new_webhook_is_told_again_and_kept_nowhere(
    client: AppClient, place: Place, database: str
) -> None:
    hooks, key = f"/api/v1/bases/{place.base.id}/webhooks", {"idempotency-key": "once"}
    made, again = [await client.post(hooks, json=NAMES, headers=key) for _ in range(2)]
    assert (again.status, again.body, again.headers["idempotency-replayed"]) == (201, made.body, "true")
    everything = await kept(database)
    secret: str = made.json()["mac_secret_base64"]
    assert "/api/v1/bases/{base}/webhooks" in everything
    for form in (secret, secret.encode().hex(), b64decode(secret).hex()):
        assert form not in everything


async def kept(database: str) -> str:
    """Every row of every table, as text; bytes are hexadecimal in it."""
    connection = await asyncpg.connect(database)
    tables = await connection.fetch("SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'")
    rows = [row for table in tables for row in await connection.fetch(f"SELECT t::text FROM {table['name']} AS t")]
    await connection.close()
    return "\n".join(row["t"] for row in rows)


async def test_airtables_own_clients_use_webhooks_in_airtables_shapes(client: AppClient, place: Place) -> None:
    hooks = f"/v0/bases/{place.base.id}/webhooks"
    made = (await client.post(hooks, json=NAMES)).json()
    one = f"{hooks}/{made['id']}"
    assert (await client.get(f"{one}/payloads?cursor=1&limit=50")).json()["mightHaveMore"] is False
    assert (await client.post(f"{one}/refresh")).json()["expirationTime"]
    assert (await client.post(f"{one}/enableNotifications", json={"enable": True})).status == 200
    assert [hook["id"] for hook in (await client.get(hooks)).json()["webhooks"]] == [made["id"]]
    assert (await client.delete(one)).status == 200
    missing = await client.post(f"{one}/refresh")
    assert missing.status in (403, 404)


async def test_a_table_and_a_field_are_made_and_seen_by_the_next_read(client: AppClient, place: Place) -> None:
    await client.get(place.tables)
    new = {"name": "Places", "fields": [{"name": "Name", "type": "singleLineText"}]}
    made = (await client.post(place.tables, json=new)).json()
    field = await client.post(f"{place.tables}/{made['id']}/fields", json={"name": "Notes", "type": "multilineText"})
    assert field.status == 201
    await client.patch(f"{place.tables}/{made['id']}/fields/{field.json()['id']}", json={"name": "Remarks"})
    listed = next(one for one in (await client.get(place.tables)).json()["items"] if one["id"] == made["id"])
    assert [one["name"] for one in listed["fields"]] == ["Name", "Remarks"]


class TestWithAScriptedAirtable:
    """What the sandbox has not, as Airtable documents it."""

    @pytest.fixture
    def url(self, airtable: ScriptedAirtable) -> str:
        return airtable.url

    async def test_tables_and_fields_are_made_and_renamed(self, client: AppClient, airtable: ScriptedAirtable) -> None:
        airtable.answers(200, TABLE).answers(200, TABLE).answers(200, TABLE["fields"][0])
        tables = f"/api/v1/bases/{BASE}/tables"
        made = await client.post(
            tables, json={"name": "Places", "fields": [{"name": "Name", "type": "singleLineText"}]}
        )
        assert (made.status, made.json()["primary_field_id"]) == (201, "fldA")
        assert (await client.patch(f"{tables}/tblA", json={"name": "Places"})).json()["id"] == "tblA"
        field = await client.post(f"{tables}/tblA/fields", json={"name": "Name", "type": "singleLineText"})
        assert (field.status, field.json()["id"]) == (201, "fldA")
        renamed = await client.patch(f"{tables}/tblA/fields/fldA", json={"description": "What it is called"})
        assert renamed.status == 200
        meta = f"/v0/meta/bases/{BASE}/tables"
        assert [(one.method, one.path) for one in airtable.requests] == [
            ("POST", meta),
            ("PATCH", f"{meta}/tblA"),
            ("POST", f"{meta}/tblA/fields"),
            ("PATCH", f"{meta}/tblA/fields/fldA"),
        ]
        assert airtable.requests[3].body == b'{"description":"What it is called"}'

    async def test_a_base_is_made_with_its_tables(self, client: AppClient, airtable: ScriptedAirtable) -> None:
        airtable.answers(200, {"id": BASE, "tables": [TABLE]})
        new = {"name": "Travel", "workspace_id": "wspA", "tables": [{"name": "Places", "fields": [
            {"name": "Name", "type": "singleLineText"}]}]}  # fmt: skip
        made = await client.post("/api/v1/bases", json=new)
        assert (made.status, made.json()["items"][0]["id"]) == (201, "tblA")
        assert b'"workspaceId":"wspA"' in airtable.requests[0].body

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", "meta/bases"),
            ("POST", "meta/bases/appScripted000000/tables"),
            ("PATCH", "meta/bases/appScripted000000/tables/tblA"),
            ("POST", "meta/bases/appScripted000000/tables/tblA/fields"),
            ("PATCH", "meta/bases/appScripted000000/tables/tblA/fields/fldA"),
            ("POST", "appScripted000000/recAAAAAAAAAAAAAA/fldA/uploadAttachment"),
        ],
    )
    async def test_airtables_own_clients_get_airtables_answer_and_its_refusal(
        self, client: AppClient, airtable: ScriptedAirtable, method: str, path: str
    ) -> None:
        error = {"error": {"type": "INVALID_PERMISSIONS", "message": "You are not permitted to perform this operation"}}
        airtable.answers(200, {"id": "made"}).answers(403, error)
        body = {"name": "Any", "file": "SGVsbG8="}
        assert (await client.request(method, f"/v0/{path}", json=body)).json() == {"id": "made"}
        refused = await client.request(method, f"/v0/{path}", json=body)
        assert (refused.status, refused.json()) == (403, error)
        assert [one.path for one in airtable.requests] == [f"/v0/{path}"] * 2

    @pytest.mark.parametrize(
        ("method", "path", "scope"),
        [
            ("POST", f"bases/{BASE}/tables", "schema.bases:write"),
            ("GET", f"bases/{BASE}/tables", "schema.bases:read"),
            ("GET", f"bases/{BASE}/webhooks", "webhook:manage"),
            ("GET", f"bases/{BASE}/tables/tblA/records/recAAAAAAAAAAAAAA/comments", "data.recordComments:read"),
            ("GET", f"bases/{BASE}/tables/tblA/records", "data.records:read"),
            ("GET", f"bases/{BASE}/tables/comments/records", "data.records:read"),
        ],
    )
    async def test_a_token_that_lacks_a_scope_is_refused_with_its_name(
        self, client: AppClient, airtable: ScriptedAirtable, method: str, path: str, scope: str
    ) -> None:
        airtable.answers(403, {"error": {"type": "INVALID_PERMISSIONS", "message": "You are not permitted"}})
        body = {"name": "Places", "fields": [{"name": "Name", "type": "singleLineText"}]} if method == "POST" else None
        answer = await client.request(method, f"/api/v1/{path}", json=body)
        assert answer.problem == ("airtable.refused", 403, "airtable-connector")
        assert f"`{scope}`" in answer.json()["detail"]
