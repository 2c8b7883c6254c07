"""What a client does with its bases: through our REST routes, and through unmodified pyairtable.

Each function works on a table it is given, checks every answer and cleans up what it made,
so that it can be repeated against the same mesh.
"""

import contextlib
import uuid
from dataclasses import dataclass
from typing import Any

import pyairtable
from pyairtable.formulas import match

from demo.client import Address, Client, ProblemAnswered
from demo.report import Step, check


@dataclass(frozen=True)
class Place:
    """A table to work in: a text field that names a record, and a single select to filter by."""

    base: str
    table: str
    name_field: str
    choice_field: str

    @property
    def records(self) -> str:
        return f"/api/v1/bases/{self.base}/tables/{self.table}/records"


def find_place(client: Client) -> Place:
    """The first table of the CRM base that has a text primary field and a single select."""
    bases = client.get("/api/v1/bases")["items"]
    base = next(base for base in bases if "CRM" in base["name"])
    for table in client.get(f"/api/v1/bases/{base['id']}/tables")["items"]:
        primary = next(field for field in table["fields"] if field["id"] == table["primary_field_id"])
        selects = [field for field in table["fields"] if field["type"] == "singleSelect"]
        if primary["type"] == "singleLineText" and selects:
            return Place(base["id"], table["name"], primary["name"], selects[0]["name"])
    raise LookupError("no table of the CRM base has a text primary field and a single select")


def list_bases(client: Client, step: Step) -> None:
    bases = client.get("/api/v1/bases")["items"]
    check(len(bases) >= 3, f"three bases were seeded, {len(bases)} came back")
    step.note(", ".join(base["name"] for base in bases))


def read_filtered(client: Client, place: Place, step: Step) -> None:
    """A formula filter must give exactly what filtering the whole table ourselves gives."""
    everything = list(client.every(place.records, page_size=100))
    some_choice = next(r["fields"][place.choice_field] for r in everything if place.choice_field in r["fields"])
    formula = f"{{{place.choice_field}}} = '{some_choice}'"
    filtered = list(client.every(place.records, page_size=100, filter=formula))
    wanted = {r["id"] for r in everything if r["fields"].get(place.choice_field) == some_choice}
    check(wanted, "the filter selects something")
    check({r["id"] for r in filtered} == wanted, f"{formula} gave {len(filtered)} records, not {len(wanted)}")
    step.note(f"{len(everything)} records in all, {len(filtered)} where {formula}")


def write(client: Client, place: Place, step: Step) -> None:
    """Upsert (creates, then updates the same), update, delete; each seen by a following read."""
    names = [f"Demo {uuid.uuid4().hex[:8]}" for _ in range(2)]
    body = {
        "merge_on": [place.name_field],
        "records": [{"fields": {place.name_field: name}} for name in names],
    }
    created = client.send("POST", f"{place.records}/upsert", json=body)
    check(len(created["created"]) == 2 and not created["updated"], f"the first upsert creates two: {created}")
    again = client.send("POST", f"{place.records}/upsert", json=body)
    check(len(again["updated"]) == 2 and not again["created"], f"the second upsert creates none: {again}")

    one, other = created["created"]
    renamed = f"{names[0]} renamed"
    client.send("PATCH", f"{place.records}/{one}", json={"fields": {place.name_field: renamed}})
    read = client.get(f"{place.records}/{one}")
    check(read["fields"][place.name_field] == renamed, f"a read after the update sees it, not {read}")
    for record in (one, other):
        client.send("DELETE", f"{place.records}/{record}")
    try:
        client.get(f"{place.records}/{one}")
    except ProblemAnswered as gone:
        check(gone.problem["status"] == 404, f"a deleted record is 404: {gone}")
        check(gone.problem["code"] == "airtable.not-found", f"and says so: {gone}")
    else:
        check(False, "a deleted record can still be read")
    step.note(f"2 upserted, 1 updated, 2 deleted; then {place.records}/{one} is 404 airtable.not-found")


def through_pyairtable(address: Address, place: Place, step: Step) -> None:
    """The same with the client library a team already uses; only its endpoint and key differ."""
    api = pyairtable.Api(address.key, endpoint_url=address.url)
    with contextlib.closing(api.session):
        _use_pyairtable(api, place, step)


def _use_pyairtable(api: pyairtable.Api, place: Place, step: Step) -> None:
    check(place.base in {base.id for base in api.bases()}, "pyairtable lists the bases")
    table = api.table(place.base, place.table)
    some: dict[str, Any] = next(r["fields"] for r in table.all(max_records=100) if place.choice_field in r["fields"])
    choice = some[place.choice_field]
    matching = table.all(formula=match({place.choice_field: choice}))
    check(matching and all(r["fields"][place.choice_field] == choice for r in matching), "the formula filters")

    names = [f"Demo {uuid.uuid4().hex[:8]}" for _ in range(12)]
    fields = [{"fields": {place.name_field: name}} for name in names]
    upserted = table.batch_upsert(fields, key_fields=[place.name_field])
    made = upserted["createdRecords"]
    check(len(made) == 12, f"12 records in two batches, not {len(made)}")
    updated = table.update(made[0], {place.name_field: f"{names[0]} renamed"})
    check(updated["fields"][place.name_field].endswith("renamed"), "update answers the new value")
    check(table.get(made[0])["fields"][place.name_field].endswith("renamed"), "and a read sees it")
    check(all(gone["deleted"] for gone in table.batch_delete(made)), "all are deleted")
    step.note(f"{len(matching)} records match {choice!r}; 12 upserted in batches, 1 updated, 12 deleted")
