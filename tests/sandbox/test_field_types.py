"""What each field type takes and shows."""

import pytest

from sandbox.airtable.fields import FIELD_TYPES
from sandbox.airtable.ids import is_id

SHAPES = [
    ("CRM", "Companies", "Name", "Acme", "Acme"),
    ("CRM", "Companies", "Website", "not an address", "not an address"),
    ("CRM", "Companies", "Employees", 12.5, 12.5),
    ("CRM", "Companies", "Annual revenue", -3, -3),
    ("CRM", "Companies", "Key account", True, True),
    ("CRM", "Companies", "Industry", "Retail", "Retail"),
    ("CRM", "Contacts", "Roles", ["Purchasing", "Champion"], ["Purchasing", "Champion"]),
    ("CRM", "Contacts", "Birthday", "1980-02-29", "1980-02-29"),
    ("CRM", "Contacts", "Birthday", "1980-02-29T23:30:00-05:00", "1980-03-01"),
    ("CRM", "Activities", "When", "2026-01-31T09:15:00Z", "2026-01-31T09:15:00.000Z"),
    ("CRM", "Activities", "When", "2026-01-31T09:15:00.123+02:00", "2026-01-31T07:15:00.123Z"),
    ("CRM", "Activities", "When", "2026-01-31", "2026-01-31T00:00:00.000Z"),
    ("CRM", "Activities", "When", "0001-01-01", "0001-01-01T00:00:00.000Z"),
    ("CRM", "Activities", "Duration", 90.5, 90.5),
    ("CRM", "Deals", "Probability", 0.5, 0.5),
    ("Projects", "Projects", "Health", 5, 5),
    ("Projects", "People", "Badge", {"text": "42", "type": "ean13"}, {"text": "42", "type": "ean13"}),
    ("Projects", "People", "Badge", {"text": "42"}, {"text": "42"}),
]

TYPECAST = [
    ("CRM", "Companies", "Name", 5, "5"),
    ("CRM", "Companies", "Employees", "1,250", 1250),
    ("CRM", "Companies", "Annual revenue", "$3.50", 3.5),
    ("CRM", "Companies", "Key account", "yes", True),
    ("CRM", "Companies", "Industry", "Space", "Space"),
    ("CRM", "Companies", "Account owner", "Amara Osei", "amara.osei@northwind.example"),
    ("CRM", "Contacts", "Roles", "Champion, Boss", ["Champion", "Boss"]),
    ("CRM", "Contacts", "Birthday", "2/29/1980", "1980-02-29"),
    ("CRM", "Deals", "Probability", "50%", 0.5),
    ("Projects", "People", "Badge", "42", {"text": "42"}),
]


def _written(client, base, table, field, value, **more):
    answer = client.send("POST", client.path(base, table), json={"fields": {field: value}, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()["fields"].get(field)


@pytest.mark.parametrize(("base", "table", "field", "value", "shown"), SHAPES)
def test_a_value_is_shown_in_its_fields_form(client, base, table, field, value, shown):
    assert _written(client, base, table, field, value) == shown


@pytest.mark.parametrize(("base", "table", "field", "value", "shown"), TYPECAST)
def test_typecast_turns_texts_into_cell_values(client, base, table, field, value, shown):
    cell = _written(client, base, table, field, value, typecast=True)
    assert (cell["email"] if field == "Account owner" else cell) == shown


@pytest.mark.parametrize(
    ("base", "table", "field", "value"),
    [
        ("CRM", "Companies", "Employees", "many"),
        ("CRM", "Contacts", "Birthday", "last spring"),
        ("CRM", "Companies", "Key account", "no"),
    ],
)
def test_what_typecast_cannot_read_leaves_the_cell_empty(client, base, table, field, value):
    assert _written(client, base, table, field, value, typecast=True) is None


def test_a_choice_made_by_typecast_is_in_the_schema_and_can_be_written_by_id(client):
    _written(client, "CRM", "Companies", "Industry", "Space", typecast=True)
    choice = client.table("CRM", "Companies").field("Industry").options["choices"][-1]
    assert is_id("sel", choice["id"])
    assert _written(client, "CRM", "Companies", "Industry", choice["id"]) == "Space"


def test_typecast_links_by_primary_text_and_creates_what_is_missing(client):
    known = next(iter(client.table("CRM", "Companies").records.values()))
    name = client.table("CRM", "Companies").primary_text(known.id)
    cell = _written(client, "CRM", "Contacts", "Company", [name], typecast=True)
    assert cell == [known.id]
    (made,) = _written(client, "CRM", "Contacts", "Company", ["Brand New Ltd"], typecast=True)
    assert client.get(f"{client.path('CRM', 'Companies')}/{made}")["fields"]["Name"] == "Brand New Ltd"


@pytest.mark.parametrize("value", [{"email": "amara.osei@northwind.example"}, "by id"])
def test_a_collaborator_is_written_by_address_or_id_and_shown_in_full(client, value):
    amara = next(user for user in client.base("CRM").users.values() if user["name"] == "Amara Osei")
    cell = _written(client, "CRM", "Companies", "Account owner", value if value != "by id" else {"id": amara["id"]})
    assert cell == amara


def test_an_attachment_gets_an_id_a_name_and_a_type_and_is_kept_by_id(client):
    path = client.path("Content calendar", "Assets")
    sent = {"fields": {"File": [{"url": "https://files.example.com/a%20b.png?x=1"}]}}
    made = client.send("POST", path, json=sent).json()
    (first,) = made["fields"]["File"]
    assert is_id("att", first["id"])
    assert (first["filename"], first["type"]) == ("a b.png", "image/png")
    sent = {"fields": {"File": [{"id": first["id"]}, {"url": "https://files.example.com/c", "filename": "c.pdf"}]}}
    kept = client.send("PATCH", f"{path}/{made['id']}", json=sent).json()["fields"]["File"]
    assert kept[0] == first
    assert kept[1]["filename"] == "c.pdf"


def test_a_link_is_shown_on_both_sides_and_gone_from_both_after_a_delete(client):
    companies, contacts = client.path("CRM", "Companies"), client.path("CRM", "Contacts")
    company = client.send("POST", companies, json={"fields": {"Name": "Acme"}}).json()["id"]
    contact = client.send("POST", contacts, json={"fields": {"Name": "Ada", "Company": [company]}}).json()["id"]
    assert client.get(f"{companies}/{company}")["fields"]["Contacts"] == [contact]
    client.send("DELETE", f"{companies}/{company}")
    assert "Company" not in client.get(f"{contacts}/{contact}")["fields"]


def test_count_rollup_lookup_and_formula_follow_the_links(client):
    companies = client.path("CRM", "Companies")
    company = client.send("POST", companies, json={"fields": {"Name": "Acme", "Industry": "Retail"}}).json()["id"]
    deals = [{"fields": {"Company": [company], "Amount": amount, "Stage": "Won"}} for amount in (100, 20.5)]
    (first, _) = client.send("POST", client.path("CRM", "Deals"), json={"records": deals}).json()["records"]
    sent = {"fields": {"Company": [company]}}
    contact = client.send("POST", client.path("CRM", "Contacts"), json=sent).json()["fields"]
    fields = client.get(f"{companies}/{company}")["fields"]
    assert (fields["Pipeline value"], fields["Contact count"]) == (120.5, 1)
    assert (contact["Industry"], first["fields"]["Open"]) == (["Retail"], 0)


def test_a_rollup_beyond_all_numbers_is_a_special_value(client):
    company = client.send("POST", client.path("CRM", "Companies"), json={"fields": {}}).json()["id"]
    deals = {"records": [{"fields": {"Company": [company], "Amount": 1.7e308}}] * 2}
    client.send("POST", client.path("CRM", "Deals"), json=deals)
    fields = client.get(f"{client.path('CRM', 'Companies')}/{company}")["fields"]
    assert fields["Pipeline value"] == {"specialValue": "Infinity"}


def test_automatic_numbers_go_on_and_are_never_given_twice(client):
    path = client.path("CRM", "Deals")
    first = client.send("POST", path, json={"fields": {}}).json()
    client.send("DELETE", f"{path}/{first['id']}")
    second = client.send("POST", path, json={"fields": {}}).json()
    assert second["fields"]["Deal number"] == first["fields"]["Deal number"] + 1 == 282


def test_a_button_has_a_label_and_an_url(client):
    record = client.get(client.path("Content calendar", "Posts"), maxRecords=1)["records"][0]
    assert record["fields"]["Preview"] == {"label": "Preview", "url": f"https://preview.example.com/{record['id']}"}


def test_the_seeded_bases_use_every_field_type_there_is(client):
    tables = [table for base in client.sandbox.bases.values() for table in base.tables.values()]
    used = {field.type.name for table in tables for field in table.fields.values()}
    assert used == set(FIELD_TYPES)
    assert len(used) >= 20
