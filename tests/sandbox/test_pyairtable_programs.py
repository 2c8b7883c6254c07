"""Programs of unmodified pyairtable that change schemas, map records to classes, upload, and follow webhooks."""

from urllib.parse import urlsplit

import pytest
from pyairtable.orm import Model, fields

from sandbox.airtable.embedded import TOKEN


@pytest.fixture
def base(api):
    return next(base for base in api.bases() if base.name == "CRM")


def test_it_makes_tables_and_fields_and_fills_them_by_name_and_by_id(base):
    text = {"name": "Name", "type": "singleLineText"}
    table = base.create_table("Visits", [text], description="of customers")
    size = table.create_field("Size", "number", options={"precision": 0})
    size.description = "of the party"
    size.save()
    schema = table.schema(force=True)
    assert schema.field("Size").description == "of the party"
    schema.name = "Calls"
    schema.save()
    made = table.create({size.id: 3, "Name": "first"})
    assert base.table("calls").get(made["id"])["fields"] == {"Size": 3, "Name": "first"}
    assert table.get(made["id"], use_field_ids=True)["fields"][size.id] == 3
    done = table.batch_upsert([{"fields": {"Name": "first", "Size": 4}}, {"fields": {"Name": "new"}}], ["Name"])
    assert (len(done["createdRecords"]), done["updatedRecords"]) == (1, [made["id"]])


def test_its_models_follow_links_and_save_what_changed(api, base):
    class Company(Model):
        class Meta:
            base_id, table_name, api_key = base.id, "Companies", TOKEN

        name = fields.TextField("Name")

    class Deal(Model):
        class Meta:
            base_id, table_name, api_key = base.id, "Deals", TOKEN

        name = fields.TextField("Name")
        amount = fields.NumberField("Amount")
        company = fields.SingleLinkField("Company", Company)

    Company.meta.api = Deal.meta.api = api  # the documented options name no endpoint
    company = Company(name="Model works")
    company.save()
    deal = Deal(name="By class", amount=12, company=company)
    deal.save()
    again = Deal.from_id(deal.id)
    assert (again.amount, again.company.name) == (12, "Model works")
    again.amount = 13
    again.save()
    assert Deal.first(formula="{Name} = 'By class'").amount == 13
    Deal.batch_delete([again])
    assert not Deal.all(formula="{Name} = 'By class'")


def test_its_uploads_arrive_when_their_host_is_this_one(api, airtable, monkeypatch):
    table = next(each for each in api.bases() if each.name == "Content calendar").table("Assets")
    made = table.create({"Name": "Uploaded"})
    # It sends uploads to Airtable's content host whatever the endpoint is; a name server would point that here.
    send, here = api.session.send, urlsplit(airtable.url).netloc

    def to_here(request, **more):
        request.url = request.url.replace("content.airtable.com", here)
        return send(request, **more)

    monkeypatch.setattr(api.session, "send", to_here)
    done = table.upload_attachment(made["id"], "File", "note.txt", b"hello", "text/plain")
    [cells] = done["fields"].values()
    assert api.session.get(cells[0]["url"]).content == b"hello"
    assert table.get(made["id"])["fields"]["File"][0]["filename"] == "note.txt"


def test_it_reads_from_webhooks_what_it_wrote_one_payload_per_request(base):
    added = base.add_webhook(None, {"options": {"filters": {"dataTypes": ["tableData"]}}})
    deals = base.table("Deals")
    made = deals.create({"Name": "Watched"})
    for amount in range(3):
        deals.update(made["id"], {"Amount": amount + 1})
    deals.delete(made["id"])
    webhook = base.webhook(added.id)
    payloads = list(webhook.payloads())
    assert [payload.cursor for payload in payloads] == [1, 2, 3, 4, 5]
    table_id = deals.schema().id
    assert made["id"] in payloads[0].changed_tables_by_id[table_id].created_records_by_id
    assert payloads[4].changed_tables_by_id[table_id].destroyed_record_ids == [made["id"]]
    webhook.delete()
    assert not base.webhooks()
