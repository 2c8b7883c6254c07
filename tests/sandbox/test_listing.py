"""Which records a list holds, in which order, page by page, in every spelling of the parameters."""

from itertools import pairwise

import pytest

from sandbox.airtable import listing
from sandbox.airtable.iterators import IDLE_SECONDS, MOST_OPEN
from tests.sandbox.bodies import formula


@pytest.fixture
def path(client):
    return client.path("CRM", "Contacts")


def names(body):
    return [record["fields"].get("Name") for record in body["records"]]


def pages(client, path, **params):
    offset, found = None, []
    while True:
        body = client.get(path, **params, **({"offset": offset} if offset else {}))
        found.append(body["records"])
        offset = body.get("offset")
        if offset is None:
            return found


def test_pages_hold_every_record_once_and_the_last_has_no_offset(client, path):
    found = pages(client, path, pageSize=90)
    assert [len(page) for page in found] == [90, 90, 90, 90, 40]
    ids = [record["id"] for page in found for record in page]
    assert ids == list(client.table("CRM", "Contacts").records)


def test_an_offset_is_an_iterator_and_the_next_record(client, path):
    offset = client.get(path, pageSize=1)["offset"]
    second = list(client.table("CRM", "Contacts").records)[1]
    assert offset.startswith("itr")
    assert offset.split("/")[1] == second
    assert client.get(path, pageSize=1, offset=offset)["records"][0]["id"] == second


def test_a_page_may_be_asked_for_again(client, path):
    offset = client.get(path, pageSize=2)["offset"]
    first = client.get(path, pageSize=2, offset=offset)
    assert client.get(path, pageSize=2, offset=offset) == first


def test_an_empty_offset_is_none(client, path):
    assert client.get(f"{path}?offset=&pageSize=3&limit=")["records"] == client.get(path, pageSize=3)["records"]


def test_the_maximum_counts_over_all_pages(client, path):
    assert [len(page) for page in pages(client, path, pageSize=3, maxRecords=7)] == [3, 3, 1]


def test_what_is_deleted_while_paging_is_left_out_and_nothing_is_shown_twice(client, path):
    ids = list(client.table("CRM", "Contacts").records)
    offset = client.get(path, pageSize=5)["offset"]
    client.send("DELETE", f"{path}?" + "&".join(f"records[]={record_id}" for record_id in ids[4:8]))
    body = client.get(path, pageSize=5, offset=offset)
    assert [record["id"] for record in body["records"]] == ids[8:13]


def test_an_iterator_is_gone_after_its_time_without_use(client, path):
    client.sandbox.clock.freeze(0)
    offset = client.get(path, pageSize=1)["offset"]
    client.sandbox.clock.advance(IDLE_SECONDS - 1)
    offset = client.get(path, pageSize=1, offset=offset)["offset"]
    client.sandbox.clock.advance(IDLE_SECONDS)
    answer = client.send("GET", path, params={"offset": offset})
    assert answer.json() == {"error": {"type": "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"}}


def test_the_iterator_unused_for_longest_makes_room(client, path):
    offset = client.get(path, pageSize=1)["offset"]
    table = client.table("CRM", "Contacts")
    for _ in range(MOST_OPEN):
        client.sandbox.iterators.first(table, list(table.records), 1, 0.0)
    assert client.send("GET", path, params={"offset": offset}).status_code == 422


def test_an_offset_of_another_table_is_invalid(client, path):
    offset = client.get(path, pageSize=1)["offset"]
    answer = client.send("GET", client.path("CRM", "Deals"), params={"offset": offset})
    assert answer.json()["error"]["type"] == "INVALID_OFFSET_VALUE"


@pytest.mark.parametrize(
    "spelling", ["fields[]=Name&fields[]=Email", "fields=Name&fields=Email", "fields[1]=Email&fields[0]=Name"]
)
def test_fields_are_chosen_in_every_spelling(client, path, spelling):
    record = client.get(f"{path}?{spelling}&maxRecords=1")["records"][0]
    assert list(record["fields"]) == ["Name", "Email"]


@pytest.mark.parametrize("value", ["1", "true"])
def test_answers_are_keyed_by_field_id_when_asked(client, path, value):
    record = client.get(path, returnFieldsByFieldId=value, maxRecords=1)["records"][0]
    assert record["fields"].keys() <= client.table("CRM", "Contacts").fields.keys()


@pytest.mark.parametrize(
    "spelling",
    [
        "sort[0][field]=Company&sort[0][direction]=desc&sort[1][field]=Name",
        "sort[1][field]=Name&sort[1][direction]=asc&sort[0][direction]=desc&sort[0][field]=Company",
    ],
)
def test_sorting_goes_by_the_first_field_then_the_next(client, path, spelling):
    table = client.table("CRM", "Contacts")
    records = client.get(f"{path}?{spelling}&pageSize=100")["records"]
    companies = client.table("CRM", "Companies")
    keys = [
        (companies.primary_text(record["fields"]["Company"][0]).casefold(), record["fields"]["Name"].casefold())
        for record in records
    ]
    assert [company for company, _ in keys] == sorted((company for company, _ in keys), reverse=True)
    for (company, name), (next_company, next_name) in pairwise(keys):
        assert company != next_company or name <= next_name
    assert len(table.records) == 400


def test_empty_cells_come_first_when_ascending_and_last_when_descending(client, path):
    up = client.get(f"{path}?sort[0][field]=Birthday&maxRecords=1")["records"][0]
    down = client.get(f"{path}?sort[0][field]=Birthday&sort[0][direction]=desc&maxRecords=1")["records"][0]
    assert ("Birthday" in up["fields"], "Birthday" in down["fields"]) == (False, True)


def test_selects_sort_by_the_order_of_their_choices(client):
    records = client.get(f"{client.path('CRM', 'Deals')}?sort[0][field]=Stage&sort[0][direction]=desc&pageSize=1")
    assert records["records"][0]["fields"]["Stage"] == "Lost"


def test_a_view_filters_and_orders_and_shows_its_hidden_fields(client):
    path = client.path("CRM", "Companies")
    records = client.get(path, view="Key accounts")["records"]
    revenues = [record["fields"]["Annual revenue"] for record in records]
    assert all(record["fields"]["Key account"] for record in records)
    assert revenues == sorted(revenues, reverse=True)
    assert any("Phone" in record["fields"] for record in records)
    view_id = client.table("CRM", "Companies").view("Key accounts").id
    assert client.get(path, view=view_id)["records"] == records


def test_a_filter_narrows_a_view_and_a_sort_replaces_the_views(client):
    path = client.path("CRM", "Companies")
    records = client.get(path, view="Key accounts", filterByFormula="{Industry}='Energy'", **{"sort[0][field]": "Name"})
    assert names(records) == sorted(names(records), key=str.casefold)
    assert {record["fields"]["Industry"] for record in records["records"]} == {"Energy"}


def test_list_records_takes_the_same_as_json(client, path):
    sent = {
        "fields": ["Name"],
        "filterByFormula": "{Newsletter}",
        "sort": [{"field": "Name", "direction": "desc"}],
        "pageSize": 4,
        "returnFieldsByFieldId": False,
        "method": "get",
    }
    posted = client.send("POST", f"{path}/listRecords", json=sent).json()
    query = "fields[]=Name&filterByFormula={Newsletter}&sort[0][field]=Name&sort[0][direction]=desc&pageSize=4"
    assert posted["records"] == client.get(f"{path}?{query}")["records"]
    following = client.send("POST", f"{path}/listRecords", json={**sent, "offset": posted["offset"]}).json()
    assert names(following)[0] <= names(posted)[-1]
    assert client.send("POST", f"{path}/listRecords").json()["records"] == client.get(path)["records"]


def test_a_filter_that_takes_too_long_is_given_up(client, monkeypatch):
    monkeypatch.setattr(listing, "FILTER_SECONDS", 0.0)
    answer = client.send("GET", client.path("CRM", "Contacts"), params={"filterByFormula": "LEN(Name)"})
    assert (answer.status_code, answer.json()) == (422, formula("Evaluation takes too long."))


def test_comment_counts_are_beside_the_fields_and_only_when_asked(client):
    path = client.path("CRM", "Deals")
    counts = [record["commentCount"] for record in client.get(f"{path}?recordMetadata[]=commentCount")["records"]]
    assert {0, 1, 3} == set(counts)
    assert "commentCount" not in client.get(path)["records"][0]


def test_the_string_format_shows_what_people_read(client):
    path = client.path("CRM", "Activities")
    sent = {"When": "2026-07-31T21:05:00Z", "Duration": 5400, "Done": True}
    made = client.send("POST", path, json={"fields": sent}).json()
    zone = {"cellFormat": "string", "timeZone": "Europe/Berlin", "userLocale": "en-gb"}
    fields = client.get(f"{path}/{made['id']}", **zone)["fields"]
    assert (fields["When"], fields["Duration"], fields["Done"]) == ("2026-07-31 23:05", "1:30", "checked")
    company = client.get(client.path("CRM", "Companies"), **zone, view="Key accounts")["records"][0]["fields"]
    assert company["Annual revenue"].startswith("€")
    posted = client.send("POST", f"{path}/listRecords?timeZone=utc&userLocale=en", json={"cellFormat": "string"})
    assert all(isinstance(cell, str) for record in posted.json()["records"] for cell in record["fields"].values())


def test_every_table_can_be_listed_whole_in_both_formats(client):
    for base in client.sandbox.bases.values():
        for table in base.tables.values():
            for params in ({}, {"cellFormat": "string", "timeZone": "Asia/Tokyo", "userLocale": "ja"}):
                found = pages(client, f"/v0/{base.id}/{table.id}", **params)
                assert sum(map(len, found)) == len(table.records)
