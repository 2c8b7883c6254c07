"""Payloads tell of computed cells that follow from a write, in whatever table they are."""

import pytest

from tests.sandbox.hook import Hook, create, field_id


@pytest.fixture
def deals(client):
    return client.path("CRM", "Deals")


@pytest.fixture
def company(client):
    return create(client, client.path("CRM", "Companies"), Name="Acme", Industry="Retail")


def changed(tables, table, record):
    """The cells that one record has now, of the last payload."""
    return tables[-1][table]["changedRecordsById"][record]["current"]["cellValuesByFieldId"]


def test_a_rollup_in_another_table_is_told_with_what_it_was(client, deals, company):
    deal = create(client, deals, Name="A", Company=[company], Amount=10)
    hook = Hook(client, includes={"includePreviousCellValues": True})
    client.send("PATCH", f"{deals}/{deal}", json={"fields": {"Amount": 25}})
    (tables,) = hook.tables()
    pipeline = field_id(client, "Companies", "Pipeline value")
    assert tables["Companies"] == {
        "changedRecordsById": {
            company: {
                "current": {"cellValuesByFieldId": {pipeline: 25}},
                "previous": {"cellValuesByFieldId": {pipeline: 10}},
            }
        }
    }


def test_a_formula_of_the_record_itself_is_told_only_when_its_value_changes(client, deals):
    deal = create(client, deals, Name="A", Stage="Lead", Amount=10, Probability=0.5)
    hook = Hook(client)
    client.send("PATCH", f"{deals}/{deal}", json={"fields": {"Stage": "Qualified"}})
    client.send("PATCH", f"{deals}/{deal}", json={"fields": {"Stage": "Won"}})
    still_open, won = hook.tables()
    stage, is_open = field_id(client, "Deals", "Stage"), field_id(client, "Deals", "Open")
    assert set(still_open["Deals"]["changedRecordsById"][deal]["current"]["cellValuesByFieldId"]) == {stage}
    assert changed([won], "Deals", deal)[is_open] == 0
    assert set(changed([won], "Deals", deal)) == {stage, is_open}


def test_a_count_follows_a_new_link_and_a_deleted_record(client, company):
    contacts, hook = client.path("CRM", "Contacts"), Hook(client)
    count = field_id(client, "Companies", "Contact count")
    contact = create(client, contacts, Name="Zoe", Company=[company])
    assert changed(hook.tables(), "Companies", company)[count] == 1
    client.send("DELETE", f"{contacts}/{contact}")
    assert changed(hook.tables(), "Companies", company)[count] == 0


def test_a_lookup_is_told_with_the_records_its_values_come_from(client, company):
    contact = create(client, client.path("CRM", "Contacts"), Name="Zoe", Company=[company])
    hook = Hook(client)
    client.send("PATCH", f"{client.path('CRM', 'Companies')}/{company}", json={"fields": {"Industry": "Energy"}})
    (value,) = changed(hook.tables(), "Contacts", contact).values()
    assert value["linkedRecordIds"] == [company]
    assert [choice["name"] for choice in value["valuesByLinkedRecordId"][company]] == ["Energy"]


def test_what_follows_is_told_however_far_it_is(client, admin):
    fields = {
        "A": [{"name": "Name", "type": "singleLineText"}, {"name": "N", "type": "number"}],
        "B": [
            {"name": "Name", "type": "singleLineText"},
            {"name": "To A", "type": "multipleRecordLinks", "options": {"table": "A"}},
            {"name": "Sum", "type": "rollup", "options": {"link": "To A", "field": "N", "aggregation": "SUM"}},
        ],
        "C": [
            {"name": "Name", "type": "singleLineText"},
            {"name": "To B", "type": "multipleRecordLinks", "options": {"table": "B"}},
            {"name": "Sums", "type": "multipleLookupValues", "options": {"link": "To B", "field": "Sum"}},
            {"name": "Doubled", "type": "formula", "options": {"formula": "SUM({Sums}) * 2"}},
        ],
    }  # fmt: skip
    records = {
        "A": [{"key": "a", "fields": {"N": 1}}],
        "B": [{"key": "b", "fields": {"To A": ["a"]}}],
        "C": [{"key": "c", "fields": {"To B": ["b"]}}, {"key": "other", "fields": {}}],
    }
    tables = [{"name": name, "fields": fields[name], "records": records[name]} for name in fields]
    admin.send("POST", "/seed", json={"bases": [{"name": "Chain", "tables": tables}]})
    base = client.base("Chain")
    path = f"/v0/bases/{base.id}/webhooks"
    specification = {"options": {"filters": {"dataTypes": ["tableData"]}}}
    hook = client.send("POST", path, json={"specification": specification}).json()["id"]
    first = next(iter(base.table("A").records))
    client.send("PATCH", f"/v0/{base.id}/A/{first}", json={"fields": {"N": 4}})
    (payload,) = client.get(f"{path}/{hook}/payloads")["payloads"]
    told = {
        base.tables[table_id].fields[key].name: value
        for table_id, shape in payload["changedTablesById"].items()
        for record in shape["changedRecordsById"].values()
        for key, value in record["current"]["cellValuesByFieldId"].items()
    }
    second = next(iter(base.table("B").records))
    sums = {"linkedRecordIds": [second], "valuesByLinkedRecordId": {second: [4]}}
    assert told == {"N": 4, "Sum": 4, "Sums": sums, "Doubled": 8}
    assert len(payload["changedTablesById"][base.table("C").id]["changedRecordsById"]) == 1


def test_a_computed_field_can_be_watched_and_included(client, deals, company):
    deal = create(client, deals, Name="A", Company=[company], Amount=10)
    pipeline, name = field_id(client, "Companies", "Pipeline value"), field_id(client, "Companies", "Name")
    watching = Hook(client, watchDataInFieldIds=[pipeline])
    included = Hook(client, includes={"includeCellValuesInFieldIds": [pipeline]}, watchDataInFieldIds=[name])
    client.send("PATCH", f"{deals}/{deal}", json={"fields": {"Name": "B"}})
    client.send("PATCH", f"{deals}/{deal}", json={"fields": {"Amount": 11}})
    client.send("PATCH", f"{client.path('CRM', 'Companies')}/{company}", json={"fields": {"Name": "Acme Inc."}})
    assert [list(tables) for tables in watching.tables()] == [["Companies"]]
    (tables,) = included.tables()
    record = tables["Companies"]["changedRecordsById"][company]
    assert record["unchanged"] == {"cellValuesByFieldId": {pipeline: 11}}


def test_a_choice_made_by_typecast_is_a_change_of_its_field(client, deals):
    deal = create(client, deals, Name="A")
    hook = Hook(client, dataTypes=["tableFields"])
    client.send("PATCH", f"{deals}/{deal}", json={"fields": {"Stage": "Invented"}, "typecast": True})
    stage = field_id(client, "Deals", "Stage")
    definition = {"name": "Stage", "type": "singleSelect"}
    assert hook.tables() == [{"Deals": {"changedFieldsById": {stage: {"current": definition}}}}]
