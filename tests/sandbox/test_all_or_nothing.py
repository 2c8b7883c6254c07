"""A request is written whole or not at all."""

UPSERT = {"performUpsert": {"fieldsToMergeOn": ["Name"]}}


def test_a_batch_with_one_bad_record_writes_none(client):
    path, table = client.path("CRM", "Companies"), client.table("CRM", "Companies")
    count, last = len(table.records), table.last_auto_number
    answer = client.send("POST", path, json={"records": [{"fields": {"Name": "Good"}}, {"fields": {"Nope": 1}}]})
    assert answer.status_code == 422
    assert (len(table.records), table.last_auto_number) == (count, last)


def test_typecast_in_a_refused_request_adds_no_choice_and_no_linked_record(client):
    choices = client.table("CRM", "Companies").field("Industry").options["choices"]
    before, companies = len(choices), len(client.table("CRM", "Companies").records)
    fields = {"Company": ["Brand New Ltd"], "Nope": 1}
    answer = client.send("POST", client.path("CRM", "Contacts"), json={"typecast": True, "fields": fields})
    assert answer.status_code == 422
    sent = {"typecast": True, "records": [{"fields": {"Industry": "Space"}}, {"fields": {"Nope": 1}}]}
    assert client.send("POST", client.path("CRM", "Companies"), json=sent).status_code == 422
    assert (len(choices), len(client.table("CRM", "Companies").records)) == (before, companies)


def test_more_than_one_match_refuses_the_whole_upsert(client):
    path, table = client.path("CRM", "Companies"), client.table("CRM", "Companies")
    client.send("POST", path, json={"records": [{"fields": {"Name": "Twin"}}] * 2})
    before = len(table.records)
    sent = {**UPSERT, "records": [{"fields": {"Name": "Only"}}, {"fields": {"Name": "Twin", "City": "Oslo"}}]}
    answer = client.send("PATCH", path, json=sent)
    assert answer.status_code == 422
    assert answer.json()["error"]["type"] == "INVALID_REQUEST_UNKNOWN"
    assert len(table.records) == before
