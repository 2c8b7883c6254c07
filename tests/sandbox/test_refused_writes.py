"""Every refusal of a write with exactly Airtable's status and body; a refused write changes nothing."""

import pytest

from sandbox.airtable.ids import derived_id
from tests.sandbox.bodies import (
    CREATE_FORM,
    DELETE_FORM,
    INVALID_REQUEST,
    UPDATE_FORM,
    cannot_accept,
    computed,
    error,
    row_missing,
)

GHOST = derived_id("rec", "nowhere")
COMPANIES = "{crm}/Companies"
UPSERT = {"performUpsert": {"fieldsToMergeOn": ["Name"]}}

WRITES = [
    (
        "neither form",
        "POST",
        COMPANIES,
        {},
        error("INVALID_REQUEST_MISSING_FIELDS", 'Could not find field "fields" in the request body'),
    ),
    ("body is a list", "POST", COMPANIES, [], INVALID_REQUEST),
    ("fields is a list", "POST", COMPANIES, {"fields": []}, INVALID_REQUEST),
    ("typecast in words", "POST", COMPANIES, {"fields": {}, "typecast": "perhaps"}, INVALID_REQUEST),
    ("eleven to create", "POST", COMPANIES, {"records": [{"fields": {}}] * 11}, CREATE_FORM),
    ("none to create", "POST", COMPANIES, {"records": []}, CREATE_FORM),
    ("records without fields", "POST", COMPANIES, {"records": [{"Name": "x"}]}, CREATE_FORM),
    (
        "update without records",
        "PATCH",
        COMPANIES,
        {},
        error("INVALID_REQUEST_MISSING_FIELDS", 'Could not find field "records" in the request body'),
    ),
    ("update without ids", "PATCH", COMPANIES, {"records": [{"fields": {}}]}, UPDATE_FORM),
    ("eleven to update", "PUT", COMPANIES, {"records": [{"id": GHOST, "fields": {}}] * 11}, UPDATE_FORM),
    ("update of a missing row", "PATCH", COMPANIES, {"records": [{"id": GHOST, "fields": {}}]}, row_missing(GHOST)),
    (
        "upsert of a missing row",
        "PATCH",
        COMPANIES,
        {**UPSERT, "records": [{"id": GHOST, "fields": {"Name": "x"}}]},
        row_missing(GHOST),
    ),
    (
        "upsert on nothing",
        "PATCH",
        COMPANIES,
        {"performUpsert": {"fieldsToMergeOn": []}, "records": [{"fields": {}}]},
        INVALID_REQUEST,
    ),
    (
        "upsert on four fields",
        "PATCH",
        COMPANIES,
        {"performUpsert": {"fieldsToMergeOn": list("abcd")}, "records": [{"fields": {}}]},
        INVALID_REQUEST,
    ),
    (
        "upsert on an unknown field",
        "PATCH",
        COMPANIES,
        {"performUpsert": {"fieldsToMergeOn": ["Nope"]}, "records": [{"fields": {}}]},
        error("UNKNOWN_FIELD_NAME", 'Unknown field name: "Nope"'),
    ),
    (
        "unknown field",
        "POST",
        COMPANIES,
        {"fields": {"Last Name": "x"}},
        error("UNKNOWN_FIELD_NAME", 'Unknown field name: "Last Name"'),
    ),
    (
        "field name in another case",
        "POST",
        COMPANIES,
        {"fields": {"name": "x"}},
        error("UNKNOWN_FIELD_NAME", 'Unknown field name: "name"'),
    ),
    ("automatic number", "POST", "{crm}/Deals", {"fields": {"Deal number": 7}}, computed("Deal number")),
    ("count", "POST", COMPANIES, {"fields": {"Contact count": 7}}, computed("Contact count")),
    ("rollup", "POST", COMPANIES, {"fields": {"Pipeline value": 7}}, computed("Pipeline value")),
    ("lookup", "POST", "{crm}/Contacts", {"fields": {"Industry": ["Retail"]}}, computed("Industry")),
    ("formula field", "POST", "{crm}/Deals", {"fields": {"Open": 1}}, computed("Open")),
    ("created time, even emptied", "POST", COMPANIES, {"fields": {"Created": None}}, computed("Created")),
    ("created by", "POST", "{crm}/Activities", {"fields": {"Logged by": {"id": "usr"}}}, computed("Logged by")),
    ("button", "POST", "{content}/Posts", {"fields": {"Preview": "x"}}, computed("Preview")),
    ("number for text", "POST", COMPANIES, {"fields": {"Name": 5}}, cannot_accept("Name")),
    ("text for number", "POST", COMPANIES, {"fields": {"Employees": "5"}}, cannot_accept("Employees")),
    ("boolean for number", "POST", COMPANIES, {"fields": {"Employees": True}}, cannot_accept("Employees")),
    ("text for checkbox", "POST", COMPANIES, {"fields": {"Key account": "yes"}}, cannot_accept("Key account")),
    (
        "day that does not exist",
        "POST",
        "{crm}/Deals",
        {"fields": {"Close date": "2026-02-30"}},
        cannot_accept("Close date"),
    ),
    ("number for a moment", "POST", "{crm}/Activities", {"fields": {"When": 5}}, cannot_accept("When")),
    ("six stars of five", "POST", "{projects}/Projects", {"fields": {"Health": 6}}, cannot_accept("Health")),
    ("half a star", "POST", "{projects}/Projects", {"fields": {"Health": 1.5}}, cannot_accept("Health")),
    (
        "unknown collaborator",
        "POST",
        COMPANIES,
        {"fields": {"Account owner": {"email": "x@y.z"}}},
        cannot_accept("Account owner"),
    ),
    (
        "collaborator as text",
        "POST",
        COMPANIES,
        {"fields": {"Account owner": "Amara Osei"}},
        cannot_accept("Account owner"),
    ),
    ("barcode as text", "POST", "{projects}/People", {"fields": {"Badge": "123"}}, cannot_accept("Badge")),
    (
        "new choice",
        "POST",
        COMPANIES,
        {"fields": {"Industry": "Value"}},
        error("INVALID_MULTIPLE_CHOICE_OPTIONS", 'Insufficient permissions to create new select option "Value"'),
    ),
    (
        "new choice among several",
        "POST",
        "{crm}/Contacts",
        {"fields": {"Roles": ["Champion", "Boss"]}},
        error("INVALID_MULTIPLE_CHOICE_OPTIONS", 'Insufficient permissions to create new select option "Boss"'),
    ),
    ("link to a missing row", "POST", "{crm}/Contacts", {"fields": {"Company": [GHOST]}}, row_missing(GHOST)),
    (
        "link by name without typecast",
        "POST",
        "{crm}/Contacts",
        {"fields": {"Company": ["Acme"]}},
        error("INVALID_RECORD_ID", 'Value "Acme" is not a valid record ID.'),
    ),
    ("link that is no list", "POST", "{crm}/Contacts", {"fields": {"Company": GHOST}}, cannot_accept("Company")),
    (
        "attachment without url",
        "POST",
        "{content}/Assets",
        {"fields": {"File": [{"filename": "a.png"}]}},
        error("INVALID_ATTACHMENT_OBJECT", 'Invalid attachment object for field "File": no url or id given'),
    ),
    (
        "attachment from a file",
        "POST",
        "{content}/Assets",
        {"fields": {"File": [{"url": "file:///etc/passwd"}]}},
        error("INVALID_ATTACHMENT_OBJECT", 'Invalid attachment object for field "File": no url or id given'),
    ),
    (
        "attachment with a list as id",
        "POST",
        "{content}/Assets",
        {"fields": {"File": [{"id": [1]}]}},
        error("INVALID_ATTACHMENT_OBJECT", 'Invalid attachment object for field "File": no url or id given'),
    ),
    ("delete of nothing", "DELETE", COMPANIES, None, DELETE_FORM),
    (
        "delete of eleven",
        "DELETE",
        f"{COMPANIES}?{'&'.join(f'records[]={GHOST}' for _ in range(11))}",
        None,
        DELETE_FORM,
    ),
    ("delete of no id", "DELETE", f"{COMPANIES}?records[]=x", None, DELETE_FORM),
    ("delete of a missing row", "DELETE", f"{COMPANIES}?records[]={GHOST}", None, row_missing(GHOST)),
    ("listRecords with a list", "POST", f"{COMPANIES}/listRecords", [], INVALID_REQUEST),
    ("listRecords with fields as text", "POST", f"{COMPANIES}/listRecords", {"fields": "Name"}, INVALID_REQUEST),
    ("listRecords with sort as text", "POST", f"{COMPANIES}/listRecords", {"sort": "Name"}, INVALID_REQUEST),
    ("listRecords with a fraction of a page", "POST", f"{COMPANIES}/listRecords", {"pageSize": 1.5}, INVALID_REQUEST),
    ("listRecords with page size 0", "POST", f"{COMPANIES}/listRecords", {"pageSize": 0}, INVALID_REQUEST),
    (
        "listRecords with a number as formula",
        "POST",
        f"{COMPANIES}/listRecords",
        {"filterByFormula": 1},
        INVALID_REQUEST,
    ),
    (
        "listRecords with an object as offset",
        "POST",
        f"{COMPANIES}/listRecords",
        {"offset": {"a": 1}},
        error("INVALID_OFFSET_VALUE", 'The value of offset {"a":1} is invalid'),
    ),
]


@pytest.mark.parametrize(("method", "path", "sent", "body"), [case[1:] for case in WRITES], ids=[c[0] for c in WRITES])
def test_a_write_is_refused_in_airtables_words_and_changes_nothing(client, method, path, sent, body):
    before = [base.version for base in client.sandbox.bases.values()]
    answer = client.send(method, f"/v0/{path}".format(**client.names()), json=sent)
    assert (answer.status_code, answer.json()) == (422, body)
    assert [base.version for base in client.sandbox.bases.values()] == before


@pytest.mark.parametrize("sent", [b"", b"{", b'{"fields": NaN}', b"\xff\xfe", b'"\\ud800"', b"[" * 100_000])
def test_a_body_that_is_not_json_cannot_be_parsed(client, sent):
    answer = client.send("POST", client.path("CRM", "Companies"), data=sent)
    assert answer.status_code == 422
    assert answer.json() == error("INVALID_REQUEST_BODY", "Could not parse request body")


def test_a_body_beyond_the_limit_is_too_large(client):
    answer = client.send("POST", client.path("CRM", "Companies"), data=b" " * (8 * 1024 * 1024 + 1))
    assert answer.status_code == 413
    assert answer.json() == error("REQUEST_TOO_LARGE", "Request body is too large")


@pytest.mark.parametrize("field", ["Contact count", "Created", "Account owner", "Contacts"])
def test_an_upsert_merges_only_on_fields_that_hold_comparable_values(client, field):
    sent = {"performUpsert": {"fieldsToMergeOn": [field]}, "records": [{"fields": {field: None}}]}
    answer = client.send("PATCH", client.path("CRM", "Companies"), json=sent)
    assert answer.status_code == 422
    assert answer.json()["error"]["type"] == "INVALID_REQUEST_UNKNOWN"


def test_the_same_record_twice_in_one_request_is_refused(client):
    record_id = next(iter(client.table("CRM", "Companies").records))
    sent = {"records": [{"id": record_id, "fields": {}}] * 2}
    answer = client.send("PATCH", client.path("CRM", "Companies"), json=sent)
    assert answer.status_code == 422
    assert answer.json()["error"]["type"] == "INVALID_RECORDS"
