"""Tables and fields made and changed through the metadata API, and what webhooks say of it."""

import pytest

from tests.sandbox.bodies import error


@pytest.fixture
def crm(client):
    return f"/v0/meta/bases/{client.base('CRM').id}/tables"


def ok(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_table_is_made_with_fields_a_view_and_a_link_that_has_its_other_side(client, crm):
    deals = client.table("CRM", "Deals")
    fields = [
        {"name": "Name", "type": "singleLineText"},
        {"name": "Size", "type": "number", "options": {"precision": 1}},
        {"name": "State", "type": "singleSelect", "options": {"choices": [{"name": "New"}, {"name": "Old"}]}},
        {"name": "When", "type": "date", "options": {"dateFormat": {"name": "iso"}}},
        {"name": "Deal", "type": "multipleRecordLinks", "options": {"linkedTableId": deals.id}},
    ]
    made = ok(client.send("POST", crm, json={"name": "Visits", "description": "of customers", "fields": fields}))
    assert [field["name"] for field in made["fields"]] == ["Name", "Size", "State", "When", "Deal"]
    assert made["primaryFieldId"] == made["fields"][0]["id"]
    assert [view["type"] for view in made["views"]] == ["grid"]
    assert made in client.get(crm)["tables"]
    deal = next(iter(deals.records))
    cells = {"Name": "First", "State": "New", "Deal": [deal], "Size": 1.5, "When": "2026-02-03"}
    visit = ok(client.send("POST", client.path("CRM", "Visits"), json={"fields": cells}))
    assert visit["fields"] == cells
    assert client.get(f"{client.path('CRM', 'Deals')}/{deal}")["fields"]["Visits"] == [visit["id"]]


def test_a_field_is_added_and_renamed_and_views_still_filter_by_it(client, crm):
    table = client.table("CRM", "Deals")
    path = client.path("CRM", "Deals")
    view = next(view for view in table.views if view.filter)
    before = [record["id"] for record in client.get(path, view=view.name)["records"]]
    stage = table.field("Stage")
    changed = ok(client.send("PATCH", f"{crm}/{table.id}/fields/{stage.id}", json={"name": "Phase"}))
    assert (changed["id"], changed["name"]) == (stage.id, "Phase")
    assert [record["id"] for record in client.get(path, view=view.name)["records"]] == before
    assert "Phase" in client.get(path, maxRecords=1)["records"][0]["fields"]
    added = ok(client.send("POST", f"{crm}/{table.id}/fields", json={"name": "Memo", "type": "richText"}))
    assert added["type"] == "richText"
    renamed = ok(client.send("PATCH", f"{crm}/{table.id}", json={"name": "Sales", "description": "all"}))
    assert (renamed["name"], renamed["description"]) == ("Sales", "all")


@pytest.mark.parametrize(
    ("body", "type_"),
    [
        ({"name": "Stage", "type": "email"}, "DUPLICATE_OR_EMPTY_FIELD_NAME"),
        ({"name": " ", "type": "email"}, "DUPLICATE_OR_EMPTY_FIELD_NAME"),
        ({"name": "N", "type": "autoNumber"}, "UNSUPPORTED_FIELD_TYPE_FOR_CREATE"),
        ({"name": "N", "type": "number"}, "INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE"),
        ({"name": "N", "type": "email", "options": {"x": 1}}, "INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE"),
        ({"name": "N", "type": "number", "options": {"precision": True}}, "INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE"),
        ({"name": "N", "type": "singleSelect", "options": {"choices": ["a"]}}, "INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE"),
        ({"name": "N", "type": "multipleRecordLinks", "options": {"linkedTableId": "tblNo"}},
         "INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE"),
        ({"type": "email"}, "INVALID_REQUEST_MISSING_FIELDS"),
        ({"name": "N"}, "INVALID_REQUEST_MISSING_FIELDS"),
        ({"name": "N", "type": "dream"}, "INVALID_REQUEST_UNKNOWN"),
        ([], "INVALID_REQUEST_UNKNOWN"),
    ],
)  # fmt: skip
def test_a_field_that_cannot_be_is_refused_and_nothing_changes(client, crm, body, type_):
    before = client.get(crm)
    answer = client.send("POST", f"{crm}/{client.table('CRM', 'Deals').id}/fields", json=body)
    assert (answer.status_code, answer.json()["error"]["type"]) == (422, type_)
    assert client.get(crm) == before


def test_a_table_that_cannot_be_is_refused_and_nothing_changes(client, crm):
    before = client.get(crm)
    text = {"name": "A", "type": "singleLineText"}
    for body in (
        {"name": "deals", "fields": [text]}, {"name": "", "fields": [text]}, {"name": "T"}, {"name": "T", "fields": []},
        {"name": "T", "fields": [text, text]}, {"name": "T", "fields": [{"name": "A", "type": "multipleAttachments"}]},
    ):  # fmt: skip
        assert client.send("POST", crm, json=body).status_code == 422, body
    assert client.get(crm) == before
    assert client.send("PATCH", f"{crm}/tblAAAAAAAAAAAAAA", json={"name": "x"}).status_code == 403
    assert client.send("POST", f"{crm}x", json={}).json() == {"error": "NOT_FOUND"}


def test_views_are_listed_read_and_deleted_down_to_the_last(client, crm):
    views = crm.removesuffix("tables") + "views"
    table = client.table("CRM", "Deals")
    assert {view.id for view in table.views} < {view["id"] for view in client.get(views)["views"]}
    for view in list(table.views)[:-1]:
        assert client.get(f"{views}/{view.id}")["name"] == view.name
        assert ok(client.send("DELETE", f"{views}/{view.id}")) == {"id": view.id, "deleted": True}
    assert client.send("DELETE", f"{views}/{table.views[-1].id}").status_code == 422
    assert client.send("DELETE", f"{views}/viwAAAAAAAAAAAAAA").json() == error("NOT_FOUND")


def test_webhooks_hear_of_tables_and_fields_and_what_they_were_before(client, crm):
    base, table = client.base("CRM"), client.table("CRM", "Deals")
    options = {
        "filters": {"dataTypes": ["tableFields", "tableMetadata"]},
        "includes": {"includePreviousFieldDefinitions": True},
    }
    hooks = f"/v0/bases/{base.id}/webhooks"
    hook = ok(client.send("POST", hooks, json={"specification": {"options": options}}))["id"]
    stage = table.field("Stage").id
    ok(client.send("PATCH", f"{crm}/{table.id}/fields/{stage}", json={"name": "Phase"}))
    added = ok(client.send("POST", f"{crm}/{table.id}/fields", json={"name": "Memo", "type": "email"}))
    ok(client.send("PATCH", f"{crm}/{table.id}", json={"name": "Sales"}))
    made = ok(client.send("POST", crm, json={"name": "New", "fields": [{"name": "A", "type": "email"}]}))
    ok(client.send("POST", client.path("CRM", "Contacts"), json={"fields": {}}))
    told = client.get(f"{hooks}/{hook}/payloads")["payloads"]
    assert [payload.get("changedTablesById") for payload in told] == [
        {table.id: {"changedFieldsById": {stage: {
            "current": {"name": "Phase", "type": "singleSelect"}, "previous": {"name": "Stage", "type": "singleSelect"},
        }}}},
        {table.id: {"createdFieldsById": {added["id"]: {"name": "Memo", "type": "email"}}}},
        {table.id: {"changedMetadata": {
            "current": {"name": "Sales", "description": table.description},
            "previous": {"name": "Deals", "description": table.description},
        }}},
        None,
    ]  # fmt: skip
    assert told[3]["createdTablesById"][made["id"]]["metadata"]["name"] == "New"


def test_restoring_a_snapshot_takes_back_changes_of_the_schema(client, admin, crm):
    before = client.get(crm)
    ok(admin.send("POST", "/snapshots", json={"name": "s"}))
    table = client.table("CRM", "Deals")
    first, second = (table.field(name).id for name in ("Stage", "Amount"))
    for field_id, name in ((first, "x"), (second, "Stage"), (first, "Amount")):
        ok(client.send("PATCH", f"{crm}/{table.id}/fields/{field_id}", json={"name": name}))
    ok(client.send("POST", crm, json={"name": "New", "fields": [{"name": "A", "type": "email"}]}))
    ok(admin.send("POST", "/restore", json={"name": "s"}))
    assert client.get(crm) == before
    ok(admin.send("DELETE", "/snapshots"))
