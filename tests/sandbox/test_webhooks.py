"""Webhooks: their life, what their payloads say, and what filters leave out."""

import pytest

from tests.sandbox.bodies import INVALID_REQUEST, error
from tests.sandbox.hook import Hook, create, field_id

WEEK = 7 * 86_400


@pytest.fixture
def contacts(client):
    return client.path("CRM", "Contacts")


def test_a_new_webhook_shows_its_secret_once_and_lives_a_week(client):
    client.sandbox.clock.freeze(1_767_225_600)
    hook = Hook(client)
    assert set(hook.made) == {"id", "macSecretBase64", "expirationTime"}
    assert hook.made["id"].startswith("ach")
    assert hook.made["expirationTime"] == "2026-01-08T00:00:00.000Z"
    shape = hook.shape()
    assert "macSecretBase64" not in shape
    assert (shape["cursorForNextPayload"], shape["isHookEnabled"], shape["areNotificationsEnabled"]) == (1, True, True)


def test_a_created_record_is_told_with_its_cells_by_field_id(client, contacts):
    hook = Hook(client)
    record = create(client, contacts, Name="Zoe", Roles=["Champion"])
    (payload,) = hook.payloads()["payloads"]
    assert (payload["payloadFormat"], payload["actionMetadata"]["source"]) == ("v0", "publicApi")
    assert payload["actionMetadata"]["sourceMetadata"]["user"]["id"] == client.get("/v0/meta/whoami")["id"]
    shape = hook.tables()[0]["Contacts"]["createdRecordsById"][record]["cellValuesByFieldId"]
    roles = shape.pop(field_id(client, "Contacts", "Roles"))
    assert shape == {field_id(client, "Contacts", "Name"): "Zoe"}
    assert [(role["name"], set(role)) for role in roles] == [("Champion", {"id", "name", "color"})]


def test_a_change_is_told_with_what_was_before_and_what_stayed(client, contacts):
    record = create(client, contacts, Name="Zoe", Email="z@example.com")
    hook = Hook(client, includes={"includePreviousCellValues": True, "includeCellValuesInFieldIds": "all"})
    client.send("PATCH", f"{contacts}/{record}", json={"fields": {"Name": None}})
    name, email = field_id(client, "Contacts", "Name"), field_id(client, "Contacts", "Email")
    assert hook.tables() == [
        {
            "Contacts": {
                "changedRecordsById": {
                    record: {
                        "current": {"cellValuesByFieldId": {name: None}},
                        "previous": {"cellValuesByFieldId": {name: "Zoe"}},
                        "unchanged": {"cellValuesByFieldId": {email: "z@example.com"}},
                    }
                }
            }
        }
    ]


def test_a_link_is_told_on_both_sides_and_a_delete_on_the_other(client, contacts):
    company = next(iter(client.table("CRM", "Companies").records))
    hook = Hook(client)
    record = create(client, contacts, Company=[company])
    client.send("DELETE", f"{contacts}/{record}")
    made, gone = hook.tables()
    links = field_id(client, "Companies", "Contacts")
    cells = made["Companies"]["changedRecordsById"][company]["current"]["cellValuesByFieldId"]
    assert {"id": record, "name": ""} in cells[links]
    assert gone["Contacts"]["destroyedRecordIds"] == [record]
    assert list(gone["Companies"]["changedRecordsById"]) == [company]


def test_every_request_is_one_payload_and_fifty_are_read_at_once(client, contacts):
    hook = Hook(client)
    for number in range(60):
        create(client, contacts, Name=str(number))
    first = hook.payloads()
    assert (len(first["payloads"]), first["cursor"], first["mightHaveMore"]) == (50, 51, True)
    second = hook.payloads(cursor=51)
    assert (len(second["payloads"]), second["cursor"], second["mightHaveMore"]) == (10, 61, False)
    assert hook.payloads(cursor=61) == {"payloads": [], "cursor": 61, "mightHaveMore": False}
    assert len(hook.payloads(cursor=5, limit=2)["payloads"]) == 2
    numbers = [payload["baseTransactionNumber"] for payload in first["payloads"]]
    assert numbers == sorted(set(numbers))
    assert hook.shape()["cursorForNextPayload"] == 61


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        ({}, 3),
        ({"changeTypes": ["add"]}, 1),
        ({"changeTypes": ["remove", "update"]}, 2),
        ({"fromSources": ["client"]}, 0),
        ({"dataTypes": ["tableFields"]}, 0),
        ({"recordChangeScope": "Contacts"}, 3),
        ({"recordChangeScope": "Deals"}, 0),
        ({"watchDataInFieldIds": "Email", "changeTypes": ["update"]}, 0),
        ({"watchDataInFieldIds": "Name", "changeTypes": ["update"]}, 1),
    ],
)
def test_filters_leave_out_what_was_not_asked_for(client, contacts, filters, told):
    if scope := filters.get("recordChangeScope"):
        filters = {**filters, "recordChangeScope": client.table("CRM", scope).id}
    if watched := filters.get("watchDataInFieldIds"):
        filters = {**filters, "watchDataInFieldIds": [field_id(client, "Contacts", watched)]}
    hook = Hook(client, **filters)
    record = create(client, contacts, Name="Zoe")
    client.send("PATCH", f"{contacts}/{record}", json={"fields": {"Name": "Zoë"}})
    client.send("DELETE", f"{contacts}/{record}")
    assert len(hook.payloads()["payloads"]) == told


def test_a_view_as_scope_tells_of_its_records_only(client, contacts):
    view = client.table("CRM", "Contacts").view("Newsletter readers")
    hook = Hook(client, recordChangeScope=view.id)
    create(client, contacts, Name="Out")
    inside = create(client, contacts, Name="In", Newsletter=True, Email="in@example.com")
    assert [list(table["Contacts"]["createdRecordsById"]) for table in hook.tables()] == [[inside]]


def test_an_outside_edit_is_told_as_one_of_a_person(client, admin):
    hook = Hook(client)
    admin.send("POST", "/edits", json={"base": "CRM", "table": "Contacts", "create": [{"Name": "X"}]})
    (payload,) = hook.payloads()["payloads"]
    assert payload["actionMetadata"]["source"] == "client"


def test_a_payload_says_what_its_writer_may(client, contacts, monkeypatch):
    hook = Hook(client)
    with monkeypatch.context() as patched:
        patched.setattr(client.base("CRM"), "permission_level", "edit")
        create(client, contacts, Name="A")
    (payload,) = hook.payloads()["payloads"]
    assert payload["actionMetadata"]["sourceMetadata"]["user"]["permissionLevel"] == "edit"


def test_a_refused_write_is_not_told(client, contacts):
    hook = Hook(client)
    client.send("POST", contacts, json={"records": [{"fields": {"Name": "A"}}, {"fields": {"Nope": 1}}]})
    assert hook.payloads()["payloads"] == []


def test_a_webhook_expires_unless_it_is_refreshed_or_read(client, contacts):
    clock = client.sandbox.clock
    clock.freeze(1_767_225_600)
    read, refreshed, left = Hook(client), Hook(client), Hook(client)
    clock.advance(WEEK - 1)
    read.payloads()
    assert client.send("POST", f"{refreshed.own}/refresh").json() == {"expirationTime": "2026-01-14T23:59:59.000Z"}
    clock.advance(2)
    create(client, contacts, Name="A")
    assert [hook.shape()["isHookEnabled"] for hook in (read, refreshed, left)] == [True, True, False]
    assert [len(hook.payloads()["payloads"]) for hook in (read, refreshed, left)] == [1, 1, 0]
    clock.advance(WEEK - 1)
    assert {hook["id"] for hook in client.get(left.path)["webhooks"]} == {read.made["id"], refreshed.made["id"]}
    clock.advance(2)
    assert read.payloads() == {"payloads": [], "cursor": 1, "mightHaveMore": False}
    assert read.shape()["cursorForNextPayload"] == 2


def test_an_eleventh_webhook_is_refused(client):
    hooks = [Hook(client) for _ in range(10)]
    body = {"specification": {"options": {"filters": {"dataTypes": ["tableData"]}}}}
    answer = client.send("POST", hooks[0].path, json=body)
    assert (answer.status_code, answer.json()["error"]["type"]) == (403, "TOO_MANY_WEBHOOKS_IN_BASE")
    assert client.send("DELETE", hooks[0].own).status_code == 200
    assert client.send("POST", hooks[0].path, json=body).status_code == 200


_GOOD = {"options": {"filters": {"dataTypes": ["tableData"]}}}


@pytest.mark.parametrize(
    ("method", "tail", "body", "status", "expected"),
    [
        ("POST", "", [], 422, INVALID_REQUEST),
        (
            "POST",
            "",
            {},
            422,
            error("INVALID_REQUEST_MISSING_FIELDS", 'Could not find field "specification" in the request body'),
        ),
        ("POST", "", {"specification": 1}, 422, INVALID_REQUEST),
        ("POST", "", {"specification": {"options": {"filters": {"dataTypes": []}}}}, 422, INVALID_REQUEST),
        ("POST", "", {"specification": {"options": {"filters": {"dataTypes": ["all"]}}}}, 422, INVALID_REQUEST),
        (
            "POST",
            "",
            {"specification": {"options": {"filters": {"dataTypes": ["tableData"], "x": 1}}}},
            422,
            INVALID_REQUEST,
        ),
        (
            "POST",
            "",
            {
                "specification": {
                    "options": {"filters": {"dataTypes": ["tableData"], "recordChangeScope": "tbl00000000000000"}}
                }
            },
            422,
            INVALID_REQUEST,
        ),
        ("POST", "", {"specification": _GOOD, "notificationUrl": "ftp://x"}, 422, INVALID_REQUEST),
        ("POST", "", {"specification": _GOOD, "notificationUrl": "http://[x"}, 422, INVALID_REQUEST),
        ("DELETE", "/ach00000000000000", None, 404, error("NOT_FOUND")),
        ("POST", "/ach00000000000000/enableNotifications", {"enable": 1}, 422, INVALID_REQUEST),
        ("GET", "/ach00000000000000/payloads?limit=51", None, 422, INVALID_REQUEST),
        ("GET", "/ach00000000000000/payloads?cursor=0", None, 422, INVALID_REQUEST),
        ("GET", "/ach00000000000000/payloads", None, 404, error("NOT_FOUND")),
        ("PUT", "", {}, 404, {"error": "NOT_FOUND"}),
    ],
)
def test_a_wrong_request_about_webhooks_is_refused(client, method, tail, body, status, expected):
    answer = client.send(method, f"/v0/bases/{client.base('CRM').id}/webhooks{tail}", json=body)
    assert (answer.status_code, answer.json()) == (status, expected)


def test_pyairtable_reads_what_it_changed(client, api):
    base = api.base(client.base("CRM").id)
    hook = base.add_webhook(None, {"options": {"filters": {"dataTypes": ["tableData"]}}})
    table = base.table("Contacts")
    record = table.create({"Name": "A"})
    table.update(record["id"], {"Name": "B"})
    table.delete(record["id"])
    webhook = base.webhook(hook.id)
    payloads = list(webhook.payloads())
    assert [payload.cursor for payload in payloads] == [1, 2, 3]
    changes = payloads[1].changed_tables_by_id[client.table("CRM", "Contacts").id].changed_records_by_id
    assert list(changes[record["id"]].current.cell_values_by_field_id.values()) == ["B"]
    webhook.disable_notifications()
    webhook.extend_expiration()
    webhook.delete()
    assert base.webhooks() == []
