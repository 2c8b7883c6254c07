"""Every refusal of a read with exactly Airtable's status and body, reached by the request that causes it."""

import pytest

from sandbox.airtable.ids import derived_id
from tests.sandbox.bodies import INVALID_REQUEST, MODEL_NOT_FOUND, NOT_FOUND, error, formula

GHOST = derived_id("rec", "nowhere")
NO_BASE = derived_id("app", "nowhere")
COMPANIES = "{crm}/Companies"

READS = [
    ("no such route", "GET", "/v0/meta/nothing", 404, NOT_FOUND),
    ("outside v0", "GET", "/v1/meta/bases", 404, NOT_FOUND),
    ("no such verb", "PATCH", "/v0/meta/whoami", 404, NOT_FOUND),
    ("shares are not simulated yet", "GET", "/v0/meta/bases/{crm}/shares", 404, NOT_FOUND),
    (
        "comments of no record",
        "GET",
        f"/v0/{COMPANIES}/{GHOST}/comments",
        404,
        error("MODEL_ID_NOT_FOUND", "Record not found"),
    ),
    ("malformed base", "GET", "/v0/junk/Companies", 404, NOT_FOUND),
    ("malformed base in metadata", "GET", "/v0/meta/bases/junk/tables", 404, NOT_FOUND),
    ("malformed record", "GET", f"/v0/{COMPANIES}/recShort", 404, NOT_FOUND),
    ("unknown base", "GET", f"/v0/{NO_BASE}/Companies", 403, MODEL_NOT_FOUND),
    ("unknown table", "GET", "/v0/{crm}/Nothing", 403, MODEL_NOT_FOUND),
    ("unknown base in metadata", "GET", f"/v0/meta/bases/{NO_BASE}/tables", 404, error("NOT_FOUND")),
    ("missing record", "GET", f"/v0/{COMPANIES}/{GHOST}", 404, error("MODEL_ID_NOT_FOUND", "Record not found")),
    ("record of another table", "GET", f"/v0/{COMPANIES}/{{contact}}", 422, error("FAILED_STATE_CHECK")),
    ("page size 0", "GET", f"/v0/{COMPANIES}?pageSize=0", 422, INVALID_REQUEST),
    ("page size 101", "GET", f"/v0/{COMPANIES}?pageSize=101", 422, INVALID_REQUEST),
    ("page size in words", "GET", f"/v0/{COMPANIES}?pageSize=ten", 422, INVALID_REQUEST),
    ("page size with too many digits", "GET", f"/v0/{COMPANIES}?pageSize={'9' * 5000}", 422, INVALID_REQUEST),
    ("negative maximum", "GET", f"/v0/{COMPANIES}?maxRecords=-1", 422, INVALID_REQUEST),
    ("unknown cell format", "GET", f"/v0/{COMPANIES}?cellFormat=html", 422, INVALID_REQUEST),
    ("string format without zone", "GET", f"/v0/{COMPANIES}?cellFormat=string", 422, INVALID_REQUEST),
    (
        "unknown zone",
        "GET",
        f"/v0/{COMPANIES}?cellFormat=string&timeZone=../etc/passwd&userLocale=en",
        422,
        INVALID_REQUEST,
    ),
    ("unknown metadata", "GET", f"/v0/{COMPANIES}?recordMetadata[]=likes", 422, INVALID_REQUEST),
    ("not a boolean", "GET", f"/v0/{COMPANIES}?returnFieldsByFieldId=maybe", 422, INVALID_REQUEST),
    ("sort without field", "GET", f"/v0/{COMPANIES}?sort[0][direction]=asc", 422, INVALID_REQUEST),
    ("sort sideways", "GET", f"/v0/{COMPANIES}?sort[0][field]=Name&sort[0][direction]=up", 422, INVALID_REQUEST),
    ("sort without index", "GET", f"/v0/{COMPANIES}?sort=Name", 422, INVALID_REQUEST),
    (
        "unknown field to show",
        "GET",
        f"/v0/{COMPANIES}?fields[]=Last+Name",
        422,
        error("UNKNOWN_FIELD_NAME", 'Unknown field name: "Last Name"'),
    ),
    (
        "unknown field to sort by",
        "GET",
        f"/v0/{COMPANIES}?sort[0][field]=Age",
        422,
        error("UNKNOWN_FIELD_NAME", 'Unknown field name: "Age"'),
    ),
    (
        "unknown view",
        "GET",
        f"/v0/{COMPANIES}?view=Nope",
        422,
        error("VIEW_NAME_NOT_FOUND", "View Nope not found"),
    ),
    (
        "unknown view id",
        "GET",
        f"/v0/{COMPANIES}?view=viw00000000000000",
        422,
        error("VIEW_ID_NOT_FOUND", "View viw00000000000000 not found"),
    ),
    (
        "formula with unknown fields",
        "GET",
        f"/v0/{COMPANIES}?filterByFormula=AND({{{{fldCxSg01LiJsIn4p}}}}=1,Foo='x')",
        422,
        formula("Unknown field names: fldcxsg01lijsin4p, foo"),
    ),
    (
        "formula that does not parse",
        "GET",
        f"/v0/{COMPANIES}?filterByFormula=AND(",
        422,
        formula("Invalid formula. Please check your formula text."),
    ),
    (
        "formula with an unknown function",
        "GET",
        f"/v0/{COMPANIES}?filterByFormula=ISBLANK(Name)",
        422,
        formula("Unknown function names: ISBLANK"),
    ),
    (
        "formula with a wrong number of arguments",
        "GET",
        f"/v0/{COMPANIES}?filterByFormula=FIND('a')",
        422,
        formula("Invalid formula. Please check your formula text."),
    ),
    (
        "offset never given out",
        "GET",
        f"/v0/{COMPANIES}?offset=itrZ",
        422,
        error("INVALID_OFFSET_VALUE", "The value of offset itrZ is invalid"),
    ),
    (
        "offset of an iterator long gone",
        "GET",
        f"/v0/{COMPANIES}?offset=itr00000000000000/{GHOST}",
        422,
        error("LIST_RECORDS_ITERATOR_NOT_AVAILABLE"),
    ),
    (
        "bases offset never given out",
        "GET",
        "/v0/meta/bases?offset=2",
        422,
        error("INVALID_OFFSET_VALUE", "The value of offset 2 is invalid"),
    ),
]


@pytest.mark.parametrize(("method", "path", "status", "body"), [case[1:] for case in READS], ids=[c[0] for c in READS])
def test_a_read_is_refused_in_airtables_words(client, method, path, status, body):
    answer = client.send(method, path.format(**client.names()))
    assert (answer.status_code, answer.json()) == (status, body)
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize("header", [None, "", "Basic cGF0", "Bearer", "Bearer key123", "pat123"])
def test_without_a_token_that_looks_right_authentication_is_required(client, header):
    client.session.headers["authorization"] = header
    answer = client.send("GET", "/v0/meta/whoami")
    assert answer.status_code == 401
    assert answer.json() == error("AUTHENTICATION_REQUIRED", "Authentication required")


def test_an_url_beyond_16_000_characters_is_refused_and_the_same_filter_by_post_is_served(client):
    path = client.path("CRM", "Companies")
    formula_text = "OR(" + ",".join(f"RECORD_ID()='rec{number:014d}'" for number in range(500)) + ")"
    assert client.send("GET", path, params={"filterByFormula": formula_text}).status_code == 414
    assert client.send("POST", f"{path}/listRecords", json={"filterByFormula": formula_text}).json() == {"records": []}


def test_a_missing_record_may_be_a_403_as_reported_since_2026(client, monkeypatch):
    monkeypatch.setattr(client.sandbox, "missing_record", "403")
    answer = client.send("GET", f"{client.path('CRM', 'Companies')}/{GHOST}")
    assert (answer.status_code, answer.json()) == (403, MODEL_NOT_FOUND)
