"""Snapshots bring back every record; outside edits change records without a request of any client."""

import pytest

from tests.sandbox.hook import Hook, create


def everything(client, table="Contacts"):
    path, params, records = client.path("CRM", table), {"recordMetadata[]": "commentCount"}, []
    while True:
        body = client.get(path, **params)
        records += body["records"]
        if "offset" not in body:
            return records
        params["offset"] = body["offset"]


def test_a_restored_snapshot_has_the_records_choices_comments_and_ids_of_then(client, admin):
    path, deals = client.path("CRM", "Contacts"), client.path("CRM", "Deals")
    before, before_deals = everything(client), everything(client, "Deals")
    assert admin.send("POST", "/snapshots", json={"name": "start"}).json() == {"name": "start"}
    made = client.send("POST", path, json={"fields": {"Name": "New"}}).json()
    client.send("POST", f"{path}/{before[0]['id']}/comments", json={"text": "x"})
    client.send("DELETE", f"{path}/{before[1]['id']}")
    stage = {"fields": {"Stage": "Invented"}, "typecast": True}
    client.send("PATCH", f"{deals}/{before_deals[0]['id']}", json=stage)
    assert everything(client) != before
    assert admin.send("POST", "/restore", json={"name": "start"}).status_code == 200
    assert (everything(client), everything(client, "Deals")) == (before, before_deals)
    refused = client.send("PATCH", f"{deals}/{before_deals[0]['id']}", json={"fields": {"Stage": "Invented"}})
    assert refused.status_code == 422
    admin.send("POST", "/restore", json={"name": "start"})
    assert client.send("POST", path, json={"fields": {"Name": "New"}}).json()["id"] == made["id"]
    admin.send("DELETE", "/snapshots")
    assert admin.get("/snapshots") == {"snapshots": []}


def test_only_the_last_snapshots_are_kept(client, admin):
    for number in range(22):
        client.sandbox.snapshots.take(str(number), {}, client.sandbox.ids.drawn)
    assert admin.get("/snapshots")["snapshots"] == [str(number) for number in range(2, 22)]
    client.sandbox.snapshots.clear()


def test_an_outside_edit_creates_updates_and_deletes_as_somebody_else(client, admin):
    first, second = everything(client)[:2]
    user = list(client.base("CRM").users.values())[-1]
    done = admin.send(
        "POST",
        "/edits",
        json={
            "base": "CRM", "table": "contacts", "user": user["email"],
            "create": [{"Name": f"Person {number}"} for number in range(12)],
            "update": [{"id": first["id"], "fields": {"Name": "Changed"}}], "delete": [second["id"]],
        },
    ).json()  # fmt: skip
    assert (len(done["created"]), done["updated"], done["deleted"]) == (12, [first["id"]], [second["id"]])
    after = {record["id"]: record["fields"].get("Name") for record in everything(client)}
    assert after[first["id"]] == "Changed"
    assert second["id"] not in after
    assert after[done["created"][11]] == "Person 11"
    assert client.table("CRM", "Contacts").records[first["id"]].modified_by == user["id"]


@pytest.mark.parametrize(
    ("edit", "detail"),
    [
        ({"base": "Nope", "table": "Contacts"}, "base: no base"),
        ({"base": "CRM", "table": 1}, "table: no table"),
        ({"base": "CRM", "table": "Contacts", "user": "x@y.z"}, "user: nobody"),
        ({"base": "CRM", "table": "Contacts", "create": 1}, "create: must be a list"),
        ({"base": "CRM", "table": "Contacts", "create": [1]}, "fields: must be an object"),
        ({"base": "CRM", "table": "Contacts", "create": [{"Name": "A"}, {"Nope": 1}]}, "Unknown field name"),
        ({"base": "CRM", "table": "Contacts", "update": [1]}, "update: each must be"),
        ({"base": "CRM", "table": "Contacts", "update": [{"id": "recX", "fields": {}}]}, "no record recX"),
        ({"base": "CRM", "table": "Contacts", "delete": [5]}, "no record 5"),
        ({"base": "CRM", "table": "Contacts", "erase": []}, "unknown keys: erase"),
    ],
)
def test_an_edit_that_is_wrong_changes_nothing(client, admin, edit, detail):
    answer = admin.send("POST", "/edits", json=edit)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(detail)
    assert client.base("CRM").version == 0


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/restore", {"name": "never"}, 404),
        ("/snapshots", {"name": ""}, 422),
        ("/snapshots", {"name": "a", "x": 1}, 422),
    ],
)
def test_a_snapshot_that_is_not_there_or_has_no_name_is_refused(admin, path, body, status):
    assert admin.send("POST", path, json=body).status_code == status


def test_webhooks_stay_after_a_restore_unless_it_took_away_what_they_watch(client, admin):
    contacts, crm = client.path("CRM", "Contacts"), client.base("CRM").id
    admin.send("POST", "/snapshots", json={"name": "start"})
    fields = f"/v0/meta/bases/{crm}/tables/Contacts/fields"
    added = client.send("POST", fields, json={"name": "Memo", "type": "richText"}).json()["id"]
    staying, leaving = Hook(client), Hook(client, watchDataInFieldIds=[added])
    admin.send("POST", "/restore", json={"name": "start"})
    assert [hook["id"] for hook in client.get(staying.path)["webhooks"]] == [staying.made["id"]]
    assert client.send("GET", f"{leaving.own}/payloads").status_code == 404
    record = create(client, contacts, Name="After")
    assert list(staying.tables()[-1]["Contacts"]["createdRecordsById"]) == [record]
    numbers = [payload["baseTransactionNumber"] for payload in staying.payloads()["payloads"]]
    assert numbers == sorted(numbers)
    admin.send("DELETE", "/snapshots")
