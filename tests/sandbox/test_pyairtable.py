"""Unmodified pyairtable, as people use it, against the simulator."""

import threading

import pytest
import requests
from pyairtable import Api
from pyairtable.formulas import AND, EQ, NOT, OR, RECORD_ID, Field, match
from pyairtable.models.schema import SingleSelectFieldSchema

from sandbox.airtable.embedded import TOKEN, running


@pytest.fixture
def base(api):
    return next(base for base in api.bases() if base.name == "CRM")


@pytest.fixture
def contacts(base):
    return base.table("Contacts")


def test_it_finds_itself_the_bases_and_the_schema(api, base):
    assert api.whoami()["id"].startswith("usr")
    assert [each.name for each in api.bases()] == ["CRM", "Projects", "Content calendar"]
    for each in api.bases():
        for table in each.schema().tables:
            known = {type(field).__name__ for field in table.fields}
            assert "UnknownFieldSchema" not in known
            assert table.primary_field_id == table.fields[0].id
    stage = base.table("Deals").schema().field("Stage")
    assert isinstance(stage, SingleSelectFieldSchema)
    assert [choice.name for choice in stage.options.choices][-2:] == ["Won", "Lost"]


def test_it_reads_whole_tables_page_by_page_and_first_ones(contacts):
    assert len(contacts.all()) == 400
    assert [len(page) for page in contacts.iterate(page_size=75, max_records=200)] == [75, 75, 50]
    assert contacts.first(sort=["Name"])["fields"]["Name"] == min(
        (record["fields"]["Name"] for record in contacts.all()), key=str.casefold
    )
    assert set(contacts.all(fields=["Email"], max_records=1)[0]["fields"]) <= {"Email"}
    assert contacts.all(view="Newsletter readers", count_comments=True)[0]["commentCount"] == 0
    strings = contacts.all(cell_format="string", time_zone="Europe/Berlin", user_locale="de", max_records=5)
    assert all(isinstance(cell, str) for record in strings for cell in record["fields"].values())


def test_its_formulas_within_the_subset_select_the_right_records(base, contacts):
    everyone = contacts.all()
    picked = [record["id"] for record in everyone[10:20]]
    by_id = contacts.all(formula=OR(*(EQ(RECORD_ID(), record_id) for record_id in picked)))
    assert [record["id"] for record in by_id] == picked
    deals = base.table("Deals")
    won = deals.all(formula=match({"Stage": "Won", "Amount": (">=", 10000)}))
    expected = [
        each for each in deals.all() if each["fields"]["Stage"] == "Won" and each["fields"].get("Amount", 0) >= 10000
    ]
    assert won == expected
    assert won
    busy = deals.all(formula=AND(NOT(Field("Stage").eq("Lost")), Field("Probability").gt(0.4)))
    assert {each["fields"]["Stage"] for each in busy} == {"Proposal", "Negotiation", "Won"}


def test_a_filter_too_long_for_an_url_goes_by_post(contacts):
    ids = [record["id"] for record in contacts.all()]
    formula = "OR(" + ", ".join(f"RECORD_ID()='{record_id}'" for record_id in ids * 2) + ")"
    assert len(formula) > 16_000
    assert len(contacts.all(formula=formula)) == 400


def test_it_creates_updates_replaces_and_deletes(contacts):
    made = contacts.create({"Name": "Ada Byron", "Newsletter": True})
    assert contacts.get(made["id"]) == made
    assert contacts.update(made["id"], {"Email": "ada@example.com"})["fields"]["Name"] == "Ada Byron"
    replaced = contacts.update(made["id"], {"Name": "Ada"}, replace=True)
    assert replaced["fields"] == {"Name": "Ada"}
    assert contacts.delete(made["id"]) == {"deleted": True, "id": made["id"]}
    with pytest.raises(requests.HTTPError, match="MODEL_ID_NOT_FOUND"):
        contacts.get(made["id"])


def test_it_writes_in_batches_longer_than_ten(contacts):
    made = contacts.batch_create([{"Name": f"Person {number}"} for number in range(23)])
    assert [record["fields"]["Name"] for record in made] == [f"Person {number}" for number in range(23)]
    changed = [{"id": record["id"], "fields": {"Job title": "CTO"}} for record in made]
    assert {record["fields"]["Job title"] for record in contacts.batch_update(changed)} == {"CTO"}
    deleted = contacts.batch_delete([record["id"] for record in made])
    assert [each["id"] for each in deleted] == [record["id"] for record in made]


def test_it_upserts_by_names_and_by_field_ids(base, contacts):
    email = contacts.schema().field("Email").id
    known = contacts.first(formula=NOT(Field("Email").eq("")))
    records = [
        {"fields": {"Email": known["fields"]["Email"], "Job title": "Boss"}},
        {"fields": {"Email": "new@x.example"}},
    ]
    done = contacts.batch_upsert(records, key_fields=["Email"])
    assert (done["updatedRecords"], len(done["createdRecords"])) == ([known["id"]], 1)
    again = contacts.batch_upsert(
        [{"fields": {email: "new@x.example", "Name": "New"}}], key_fields=[email], use_field_ids=True
    )
    assert again["updatedRecords"] == done["createdRecords"]
    assert again["records"][0]["fields"][email] == "new@x.example"


def test_it_links_records_and_attaches_files(base, contacts):
    company = base.table("Companies").create({"Name": "Acme"})
    made = contacts.create({"Name": "Ada", "Company": [company["id"]]})
    assert base.table("Companies").get(company["id"])["fields"]["Contacts"] == [made["id"]]
    assets = base.api.table(next(each.id for each in base.api.bases() if each.name == "Content calendar"), "Assets")
    file = {"url": "https://files.example.com/a.png", "filename": "a.png"}
    assert assets.create({"Name": "A", "File": [file]})["fields"]["File"][0]["filename"] == "a.png"


def test_airtables_message_reaches_the_caller(contacts):
    with pytest.raises(requests.HTTPError, match="Unknown field name"):
        contacts.create({"Nope": 1})


def test_twenty_five_threads_on_one_base_do_not_survive_the_limits():
    """The problem the platform solves: pyairtable's retries are shorter than Airtable's penalty."""
    failures = []

    def work(number: int) -> None:
        client = Api(TOKEN, endpoint_url=airtable.url)
        table = client.table("appTlA0ueZLdIbcSi", "Contacts")
        try:
            table.create({"Name": f"Thread {number}"})
            table.all(max_records=10)
        except requests.RequestException as error:
            failures.append(error)
        finally:
            client.session.close()

    with running(limits="exact") as airtable:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(25)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(failures) >= 20
    assert {type(error) for error in failures} == {requests.exceptions.RetryError}
