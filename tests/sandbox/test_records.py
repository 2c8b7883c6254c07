"""What answers look like: records, batches, upserts, deletes, and the shapes around them."""

import pytest

from sandbox.airtable.clock import iso
from sandbox.airtable.seed import read_seed


@pytest.fixture
def path(client):
    return client.path("CRM", "Companies")


def test_a_record_has_id_created_time_and_fields_in_this_order(client, path):
    record = client.get(path, maxRecords=1)["records"][0]
    assert list(record) == ["id", "createdTime", "fields"]


def test_created_time_is_in_whole_seconds(client, path):
    client.sandbox.clock.freeze(1_800_000_000.789)
    record = client.send("POST", path, json={"fields": {}}).json()
    assert record["createdTime"] == "2027-01-15T08:00:00.000Z"
    assert client.sandbox.clock.milliseconds_text() == iso(1_800_000_000.789) == "2027-01-15T08:00:00.789Z"


@pytest.mark.parametrize("empty", [None, "", [], False])
def test_an_empty_cell_is_left_out(client, path, empty):
    record = client.send("POST", path, json={"fields": {"Name": "Acme", "City": empty, "Key account": empty}}).json()
    assert record["fields"].keys() & {"City", "Key account"} == set()


def test_zero_is_not_empty(client, path):
    record = client.send("POST", path, json={"fields": {"Employees": 0}}).json()
    assert (record["fields"]["Employees"], record["fields"]["Contact count"]) == (0, 0)


def test_a_single_create_is_answered_with_the_record_itself(client, path):
    record = client.send("POST", path, json={"fields": {"Name": "Acme"}}).json()
    assert client.get(f"{path}/{record['id']}") == record


def test_a_batch_is_answered_in_its_order(client, path):
    names = [f"Company {number}" for number in range(10)]
    sent = {"records": [{"fields": {"Name": name}} for name in names]}
    records = client.send("POST", path, json=sent).json()["records"]
    assert [record["fields"]["Name"] for record in records] == names


def test_patch_keeps_the_other_cells_and_put_empties_them(client, path):
    made = client.send("POST", path, json={"fields": {"Name": "Acme", "City": "Oslo"}}).json()
    patched = client.send("PATCH", f"{path}/{made['id']}", json={"fields": {"Employees": 5}}).json()
    assert (patched["fields"]["City"], patched["fields"]["Employees"]) == ("Oslo", 5)
    put = client.send("PUT", f"{path}/{made['id']}", json={"fields": {"Name": "Acme 2"}}).json()
    assert put["fields"] == {
        "Name": "Acme 2", "Contact count": 0, "Pipeline value": 0, "Created": made["createdTime"],
    }  # fmt: skip


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_a_batch_update_keeps_its_order_and_has_no_upsert_keys(client, path, method):
    ids = list(client.table("CRM", "Companies").records)[:3][::-1]
    sent = {"records": [{"id": record_id, "fields": {"City": "Oslo"}} for record_id in ids]}
    body = client.send(method, path, json=sent).json()
    assert list(body) == ["records"]
    assert [record["id"] for record in body["records"]] == ids


def test_fields_may_be_named_by_id_and_answers_keyed_by_id(client, path):
    table = client.table("CRM", "Companies")
    name, city = table.field("Name").id, table.field("City").id
    sent = {"fields": {name: "Acme", "City": "Oslo"}, "returnFieldsByFieldId": True}
    fields = client.send("POST", path, json=sent).json()["fields"]
    assert (fields[name], fields[city]) == ("Acme", "Oslo")


@pytest.mark.parametrize("name", ["Companies", "companies", "COMPANIES"])
def test_a_table_may_be_named_in_any_case(client, name):
    assert len(client.get(f"/v0/{client.base('CRM').id}/{name}", maxRecords=1)["records"]) == 1


def test_an_upsert_updates_what_matches_and_creates_the_rest(client, path):
    known = client.send("POST", path, json={"fields": {"Name": "Acme", "City": "Oslo"}}).json()
    sent = {
        "performUpsert": {"fieldsToMergeOn": ["Name", "City"]},
        "records": [
            {"fields": {"Name": "Acme", "City": "Bergen"}},
            {"fields": {"Name": "Acme", "City": "Oslo", "Employees": 7}},
        ],
    }
    body = client.send("PATCH", path, json=sent).json()
    assert body["updatedRecords"] == [known["id"]]
    assert body["createdRecords"] == [body["records"][0]["id"]]
    assert body["records"][1]["fields"]["Employees"] == 7


def test_an_upsert_item_with_an_id_ignores_the_merge_fields(client, path):
    record_id = next(iter(client.table("CRM", "Companies").records))
    sent = {
        "performUpsert": {"fieldsToMergeOn": ["Name"]},
        "records": [{"id": record_id, "fields": {"City": "Oslo"}}],
    }
    assert client.send("PATCH", path, json=sent).json()["updatedRecords"] == [record_id]


def test_an_upsert_with_an_empty_merge_value_creates(client, path):
    sent = {"performUpsert": {"fieldsToMergeOn": ["Name"]}, "records": [{"fields": {"Name": None, "City": "Oslo"}}]}
    assert len(client.send("PATCH", path, json=sent).json()["createdRecords"]) == 1


def test_deleting_answers_with_deleted_first(client, path):
    first, second, third = list(client.table("CRM", "Companies").records)[:3]
    one = client.send("DELETE", f"{path}/{first}")
    assert one.text == f'{{"deleted":true,"id":"{first}"}}'
    many = client.send("DELETE", f"{path}?records[]={second}&records[]={third}").json()
    assert many == {"records": [{"deleted": True, "id": second}, {"deleted": True, "id": third}]}
    assert client.send("GET", f"{path}/{first}").status_code == 404


@pytest.mark.parametrize("suffix", ["/", "?", "/?"])
def test_a_trailing_slash_or_question_mark_changes_nothing(client, path, suffix):
    made = client.send("POST", path + suffix, json={"records": [{"fields": {"Name": "Acme"}}]}, allow_redirects=False)
    assert made.status_code == 200
    assert client.send("GET", path + suffix, allow_redirects=False).status_code == 200


def test_a_table_name_with_a_slash_is_percent_encoded(airtable, client):
    seed = {"bases": [{"name": "Odd", "tables": [{"name": "T 1/2", "fields": [{"name": "Name", "type": "email"}]}]}]}
    (base,) = airtable.sandbox.add(seed)
    assert client.get(f"/v0/{base.id}/T%201%2F2") == {"records": []}


def test_keys_of_the_body_that_nobody_knows_are_tolerated(client, path):
    sent = {"fields": {"Name": "Acme"}, "method": "get", "colour": 3}
    assert client.send("POST", path, json=sent).status_code == 200


def test_the_rich_text_ends_in_a_line_break_also_after_it_was_cleared(client, path):
    made = client.send("POST", path, json={"fields": {"Notes": "Hello"}}).json()
    assert made["fields"]["Notes"] == "Hello\n"
    cleared = client.send("PATCH", f"{path}/{made['id']}", json={"fields": {"Notes": ""}}).json()
    assert cleared["fields"]["Notes"] == "\n"


def test_a_write_moves_the_last_modified_time_and_a_read_does_not(client):
    path = client.path("CRM", "Deals")
    client.sandbox.clock.freeze(1_800_000_000)
    made = client.send("POST", path, json={"fields": {"Name": "A"}}).json()
    client.sandbox.clock.advance(61.5)
    assert client.get(f"{path}/{made['id']}")["fields"]["Last modified"] == "2027-01-15T08:00:00.000Z"
    changed = client.send("PATCH", f"{path}/{made['id']}", json={"fields": {"Name": "B"}}).json()
    assert changed["fields"]["Last modified"] == "2027-01-15T08:01:01.500Z"


WATCHING = """
bases:
- id: appAAAAAAAAAAAAAA
  name: Shop
  tables:
  - name: T
    fields:
    - {name: A, type: singleLineText}
    - {name: B, type: singleLineText}
    - {name: Others, type: multipleRecordLinks, options: {table: U, inverse: Ts}}
    - {name: Any, type: lastModifiedTime}
    - {name: Of A, type: lastModifiedTime, options: {fields: [A]}}
    - {name: Formula, type: formula, options: {formula: "LAST_MODIFIED_TIME({B}, {Others})"}}
  - name: U
    fields:
    - {name: Name, type: singleLineText}
    - {name: Ts, type: multipleRecordLinks, options: {table: T, inverse: Others}}
"""


def test_the_last_modified_time_of_single_fields_moves_with_their_cells_alone(client):
    client.sandbox.add(read_seed(WATCHING.encode(), "seed"))
    path, at = "/v0/appAAAAAAAAAAAAAA/T", "2027-01-15T08:0{}:00.000Z".format
    client.sandbox.clock.freeze(1_800_000_000)
    made = client.send("POST", path, json={"fields": {"A": "a"}}).json()
    times = [made["fields"]]

    def a_minute_later(method, below, fields):
        client.sandbox.clock.advance(60)
        assert client.send(method, below, json={"fields": fields}).status_code == 200
        times.append(client.get(f"{path}/{made['id']}")["fields"])

    a_minute_later("PATCH", f"{path}/{made['id']}", {"A": "a", "B": "b"})
    a_minute_later("PATCH", f"{path}/{made['id']}", {"A": ""})
    a_minute_later("POST", "/v0/appAAAAAAAAAAAAAA/U", {"Ts": [made["id"]]})
    assert [(cells["Any"], cells["Of A"], cells.get("Formula")) for cells in times] == [
        (at(0), at(0), None),
        (at(1), at(0), at(1)),
        (at(2), at(2), at(1)),
        (at(3), at(2), at(3)),
    ]
    formula = "IS_AFTER(LAST_MODIFIED_TIME({B}), '2027-01-15T08:00:30Z')"
    assert len(client.get(path, filterByFormula=formula)["records"]) == 1
    assert client.get(path, filterByFormula=formula.replace("{B}", "{A}").replace("00:30", "02:00"))["records"] == []


def test_who_am_i_has_an_id_and_no_scopes(client):
    assert client.get("/v0/meta/whoami").keys() == {"id", "email"}


def test_bases_come_a_thousand_at_a_time(client):
    def base(number):
        return {"name": f"Base {number}", "tables": [{"name": "T", "fields": [{"name": "N", "type": "number"}]}]}

    client.sandbox.add({"bases": [base(number) for number in range(1000)]})
    first = client.get("/v0/meta/bases")
    second = client.get("/v0/meta/bases", offset=first["offset"])
    assert (len(first["bases"]), len(second["bases"]), "offset" in second) == (1000, 3, False)
    assert first["bases"][0] == {"id": client.base("CRM").id, "name": "CRM", "permissionLevel": "create"}


def test_tables_show_visible_fields_only_when_asked(client):
    path = f"/v0/meta/bases/{client.base('CRM').id}/tables"
    plain, full = client.get(path), client.get(path, include="visibleFieldIds")
    assert "visibleFieldIds" not in plain["tables"][0]["views"][0]
    hidden = {client.table("CRM", "Companies").field(name).id for name in ("Notes", "Phone")}
    assert hidden & set(full["tables"][0]["views"][1]["visibleFieldIds"]) == set()
    assert len(full["tables"][0]["views"][1]["visibleFieldIds"]) == len(full["tables"][0]["fields"]) - 2


def test_browsers_may_ask_first(client, path):
    answer = client.send("OPTIONS", path, headers={"authorization": None, "origin": "https://example.com"})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, "*")
    assert "PATCH" in answer.headers["access-control-allow-methods"]
