"""Where in the simulated Airtable the tests work."""

from typing import Any

from sandbox.airtable.embedded import Running

CITIES = ["Graz", "Kraków", "Lyon", "Porto"]


def seed() -> dict[str, Any]:
    """A small base: companies, enough for several pages, and contacts that belong to them."""
    companies = [
        {"key": f"c{n}", "fields": {"Name": f"Company {n:03}", "City": CITIES[n % 4], "Employees": n * 7 % 400}}
        for n in range(130)
    ]
    contacts = [{"key": f"p{n}", "fields": {"Name": f"Person {n}", "Company": [f"c{n}"]}} for n in range(5)]
    company_fields = [
        {"name": "Name", "type": "singleLineText"},
        {"name": "City", "type": "singleLineText"},
        {"name": "Employees", "type": "number"},
        {"name": "Industry", "type": "singleSelect", "options": {"choices": ["Retail", "Energy"]}},
        {"name": "Contacts", "type": "multipleRecordLinks", "options": {"table": "Contacts", "inverse": "Company"}},
    ]
    contact_fields = [
        {"name": "Name", "type": "singleLineText"},
        {"name": "Company", "type": "multipleRecordLinks", "options": {"table": "Companies", "inverse": "Contacts"}},
        {"name": "Boss", "type": "multipleRecordLinks", "options": {"table": "Contacts", "inverse": "Reports"}},
        {"name": "Reports", "type": "multipleRecordLinks", "options": {"table": "Contacts", "inverse": "Boss"}},
    ]
    lead_fields = [{"name": "Name", "type": "singleLineText"}]
    tables = [
        {"name": "Companies", "fields": company_fields, "records": companies, "views": [{"name": "All"}]},
        {"name": "Contacts", "fields": contact_fields, "records": contacts},
        {"name": "Lead import", "fields": lead_fields, "records": [{"key": "l", "fields": {"Name": "Lead"}}]},
    ]
    return {"bases": [{"name": "CRM", "tables": tables}]}


class Place:
    """The first table of the CRM base, named Companies, whose primary field is Name."""

    def __init__(self, sandbox: Running) -> None:
        self.sandbox = sandbox.sandbox
        self.base = next(base for base in self.sandbox.bases.values() if "CRM" in base.name)
        self.table = next(iter(self.base.tables.values()))
        self.tables = f"/api/v1/bases/{self.base.id}/tables"
        self.records = f"{self.tables}/{self.table.id}/records"
        self.v0 = f"/v0/{self.base.id}/{self.table.id}"

    def asked(self) -> list[str]:
        """The requests Airtable has seen since it was seeded, as `METHOD path`."""
        return [f"{one['method']} {one['path']}" for one in self.sandbox.log.since(0)["requests"]]
