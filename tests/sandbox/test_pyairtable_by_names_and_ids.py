"""Programs of unmodified pyairtable that do the same by names and by ids of tables and fields."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
import requests
from pyairtable import Api, Base, Table
from pyairtable.formulas import OR, Field
from pyairtable.orm import Model
from pyairtable.orm import fields as orm

from sandbox.airtable.embedded import TOKEN


@dataclass
class Keys:
    """What a program calls tables and fields; `shown` makes answers say it the same way."""

    api: Api
    base: Base
    by_id: bool

    def table(self, name) -> Table:
        return self.api.table(self.base.id, self.base.table(name).schema().id if self.by_id else name)

    def field(self, table, name) -> str:
        return self.base.table(table).schema().field(name).id if self.by_id else name

    @property
    def shown(self):
        return {"use_field_ids": self.by_id}


@pytest.fixture(params=["names", "ids"])
def keys(request, api):
    base = next(base for base in api.bases() if base.name == "CRM")
    return Keys(api, base, by_id=request.param == "ids")


def test_it_pages_sorts_and_filters(keys):
    deals, amount, stage = keys.table("Deals"), keys.field("Deals", "Amount"), keys.field("Deals", "Stage")
    pages = list(deals.iterate(page_size=60, fields=[amount, stage], sort=[f"-{amount}"], **keys.shown))
    found = [record["fields"] for page in pages for record in page]
    assert (len(pages[0]), len(found)) == (60, len(deals.all()))
    assert all(set(cells) <= {amount, stage} for cells in found)
    amounts = [cells[amount] for cells in found if amount in cells]
    assert amounts == sorted(amounts, reverse=True)
    # A formula knows fields by name alone, as at Airtable.
    picked = deals.all(formula=OR(Field("Stage").eq("Won"), Field("Stage").eq("Lost")), **keys.shown)
    assert {record["fields"][stage] for record in picked} == {"Won", "Lost"}


def test_it_writes_batches_and_links_that_show_on_the_other_side(keys):
    contacts, companies = keys.table("Contacts"), keys.table("Companies")
    name, company = keys.field("Contacts", "Name"), keys.field("Contacts", "Company")
    acme = companies.create({keys.field("Companies", "Name"): "Acme"}, **keys.shown)
    made = contacts.batch_create([{name: f"P{n}", company: [acme["id"]]} for n in range(12)], **keys.shown)
    assert [record["fields"][name] for record in made] == [f"P{n}" for n in range(12)]
    linked = companies.get(acme["id"], **keys.shown)["fields"][keys.field("Companies", "Contacts")]
    assert linked == [record["id"] for record in made]
    contacts.batch_update([{"id": record["id"], "fields": {company: None}} for record in made[:4]], **keys.shown)
    contacts.batch_delete([record["id"] for record in made[4:8]])
    left = companies.get(acme["id"], **keys.shown)["fields"][keys.field("Companies", "Contacts")]
    assert left == [record["id"] for record in made[8:]]


def test_it_upserts(keys):
    contacts, email = keys.table("Contacts"), keys.field("Contacts", "Email")
    title = keys.field("Contacts", "Job title")
    records = [{"fields": {email: f"upsert{n}@example.com", title: "First"}} for n in range(11)]
    assert len(contacts.batch_upsert(records, key_fields=[email], **keys.shown)["createdRecords"]) == 11
    records[0]["fields"][title] = "Second"
    again = contacts.batch_upsert(records, key_fields=[email], **keys.shown)
    assert (len(again["updatedRecords"]), again["createdRecords"]) == (11, [])
    assert again["records"][0]["fields"][title] == "Second"


def test_it_comments_answers_edits_and_deletes(keys, api):
    contacts = keys.table("Contacts")
    record = contacts.create({keys.field("Contacts", "Name"): "Commented"})
    me = api.whoami()["id"]
    first = contacts.add_comment(record["id"], f"Please look @[{me}]")
    assert (first.author.id, list(first.mentioned)) == (me, [me])
    first.text = "Seen"
    first.save()
    assert (first.mentioned, first.last_updated_time is not None) == ({}, True)
    second = contacts.add_comment(record["id"], "Another")
    assert [comment.id for comment in contacts.comments(record["id"])] == [second.id, first.id]
    assert contacts.all(count_comments=True, formula="{Name} = 'Commented'")[0]["commentCount"] == 2
    for comment in contacts.comments(record["id"]):
        comment.delete()
    assert contacts.comments(record["id"]) == []


def test_it_attaches_by_url_and_by_upload_and_keeps_by_id(keys, api, airtable, monkeypatch):
    content = next(base for base in api.bases() if base.name == "Content calendar")
    there = Keys(api, content, keys.by_id)
    assets, file = there.table("Assets"), there.field("Assets", "File")
    made = assets.create({file: [{"url": "https://files.example/a.png"}]}, **keys.shown)
    send, here = api.session.send, urlsplit(airtable.url).netloc

    def to_here(request, **more):
        # It sends uploads to Airtable's content host whatever the endpoint is; a name server would point that here.
        request.url = request.url.replace("content.airtable.com", here)
        return send(request, **more)

    monkeypatch.setattr(api.session, "send", to_here)
    done = assets.upload_attachment(made["id"], file, "note.txt", b"hello", "text/plain")
    first, second = next(iter(done["fields"].values()))
    assert api.session.get(second["url"]).content == b"hello"
    kept = assets.update(made["id"], {file: [{"id": second["id"]}]}, **keys.shown)
    assert [each["filename"] for each in kept["fields"][file]] == ["note.txt"]
    assert first["filename"] == "a.png"


def test_its_models_map_fields_and_follow_links(keys, api):
    class Company(Model):
        class Meta:
            base_id, table_name, api_key = keys.base.id, keys.table("Companies").name, TOKEN
            use_field_ids = keys.by_id

        name = orm.TextField(keys.field("Companies", "Name"))
        contacts_known = orm.CountField(keys.field("Companies", "Contact count"))

    class Contact(Model):
        class Meta:
            base_id, table_name, api_key = keys.base.id, keys.table("Contacts").name, TOKEN
            use_field_ids = keys.by_id

        name = orm.TextField(keys.field("Contacts", "Name"))
        company = orm.SingleLinkField(keys.field("Contacts", "Company"), Company)
        newsletter = orm.CheckboxField(keys.field("Contacts", "Newsletter"))
        roles = orm.MultipleSelectField(keys.field("Contacts", "Roles"))

    Company.meta.api = Contact.meta.api = api  # the documented options name no endpoint
    company = Company(name="Modelled")
    company.save()
    contact = Contact(name="Ada", company=company, newsletter=True, roles=["Champion"])
    contact.save()
    again = Contact.from_id(contact.id)
    assert (again.company.name, again.newsletter, again.roles) == ("Modelled", True, ["Champion"])
    company.fetch()
    assert company.contacts_known == 1
    again.company = None
    again.save()
    company.fetch()
    assert company.contacts_known == 0
    Contact.batch_delete([again])
    with pytest.raises(requests.HTTPError, match="MODEL_ID_NOT_FOUND"):
        Contact.from_id(contact.id, fetch=True)


def test_it_makes_bases_tables_and_fields_and_hears_of_them(keys, api):
    text = {"name": "Name", "type": "singleLineText"}
    made = api.workspace("wsp" + "A" * 14).create_base("Made", [{"name": "T", "fields": [text]}])
    here = Keys(api, made, keys.by_id)
    everything = {"options": {"filters": {"dataTypes": ["tableData", "tableFields", "tableMetadata"]}}}
    hook = made.webhook(made.add_webhook(None, everything).id)
    size = here.table("T").create_field("Size", "number", options={"precision": 0})
    made.table("T").schema(force=True)
    record = here.table("T").create({here.field("T", "Size"): 3, here.field("T", "Name"): "x"}, **keys.shown)
    assert record["fields"] == {here.field("T", "Name"): "x", here.field("T", "Size"): 3}
    made.create_table("Second", [text])
    added, filled, second = hook.payloads()
    table_id = made.table("T").schema().id
    assert list(added.changed_tables_by_id[table_id].created_fields_by_id) == [size.id]
    told = filled.changed_tables_by_id[table_id].created_records_by_id[record["id"]]
    assert told.cell_values_by_field_id[size.id] == 3
    assert [table.metadata.name for table in second.created_tables_by_id.values()] == ["Second"]
