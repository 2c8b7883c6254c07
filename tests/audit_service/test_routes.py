"""GET /api/v1/audit/{base}, as a client of the platform sees it."""

BASE = "appCRM00000000001"
TABLES = f"/api/v1/bases/{BASE}/tables"


def a_table(name: str, fields: int) -> dict[str, object]:
    field = {"id": "fld00000000000001", "name": "Name", "type": "singleLineText"}
    return {"id": "tbl00000000000001", "name": name, "primary_field_id": field["id"], "fields": [field] * fields}


async def test_a_summary_counts_tables_and_fields_and_names_the_widest(client, peers):
    tables = [a_table("Deals", 2), a_table("Contacts", 5)]
    peers["airtable-connector"].answers(json={"items": tables}, path=TABLES)
    answer = await client.get(f"/api/v1/audit/{BASE}")
    assert answer.json() == {
        "base": BASE,
        "tables": 2,
        "fields": 7,
        "widest": [{"name": "Contacts", "fields": 5}, {"name": "Deals", "fields": 2}],
    }


async def test_a_base_that_airtable_does_not_show_is_unknown(client, peers):
    peers["airtable-connector"].answers(404)
    answer = await client.get(f"/api/v1/audit/{BASE}")
    assert answer.problem == ("audit.unknown-base", 404, "audit-service")


async def test_what_is_no_base_id_is_refused_before_anybody_is_asked(client, peers):
    answer = await client.get("/api/v1/audit/nonsense")
    assert answer.problem == ("request.invalid", 422, "audit-service")
    assert peers["airtable-connector"].requests == []


async def test_a_dead_connector_is_named_as_the_one_at_fault(client, peers):
    peers["airtable-connector"].fails("dead")
    answer = await client.get(f"/api/v1/audit/{BASE}")
    assert answer.problem == ("peer.unavailable", 503, "airtable-connector")
