"""Every error that is known of Airtable, by the request that causes it there, with exactly its status and body.

`unverified` stands where no recording of Airtable's answer is known. The refusals of single parameters and values are
in `test_refused_reads.py` and `test_refused_writes.py`.
"""

from dataclasses import dataclass
from typing import Any

import pytest

from sandbox.airtable.embedded import TOKEN
from sandbox.airtable.grants import Grant
from sandbox.airtable.ids import derived_id
from tests.sandbox.bodies import (
    CREATE_FORM,
    DELETE_FORM,
    INVALID_REQUEST,
    MODEL_NOT_FOUND,
    NOT_FOUND,
    UPDATE_FORM,
    cannot_accept,
    computed,
    error,
    formula,
    row_missing,
)

GHOST = derived_id("rec", "nowhere")
NO_BASE = derived_id("app", "nowhere")
COMPANIES = "/v0/{crm}/Companies"
OFFSET = f"itr{'0' * 14}/{GHOST}"
TOO_MUCH = b" " * (8 * 1024 * 1024 + 1)
NEITHER_FORM = error("INVALID_REQUEST_MISSING_FIELDS", 'Could not find field "fields" in the request body')
NO_CHOICE = error("INVALID_MULTIPLE_CHOICE_OPTIONS", 'Insufficient permissions to create new select option "Value"')
NO_TABLE = error("TABLE_NOT_FOUND", "Could not find table tblBad in application {base}")
NO_TOKEN = error("AUTHENTICATION_REQUIRED", "Authentication required")
NO_ROUTE = "/v0/meta/bases/junk/tables"
PLURAL = {"errors": [{"error": "RATE_LIMIT_REACHED", "message": "Rate limit exceeded. Please try again later"}]}
SINGULAR = error("RATE_LIMIT_REACHED", "Rate limit exceeded. Please try again later")
CAP = error("PUBLIC_API_BILLING_LIMIT_EXCEEDED", "The monthly number of API calls of the plan is used up")
RETRIABLE = error(
    "RETRIABLE_ERROR",
    "Server encountered an error while processing your request, and it is safe to retry the request",
)
UNKNOWN_FIELD = error("UNKNOWN_FIELD_NAME", 'Unknown field name: "Last Name"')


@dataclass
class Case:
    """`first` is what has to be the case at Airtable; `seen` is where the answer was."""

    name: str
    method: str
    path: str
    status: int
    body: Any
    sent: Any = None
    first: str = ""
    seen: str = "recorded"


CASES = [
    Case("no token", "GET", COMPANIES, 401, NO_TOKEN, None, "no token"),
    Case("unknown base", "GET", f"/v0/{NO_BASE}/T", 403, MODEL_NOT_FOUND, seen="documented"),
    Case("unknown table", "GET", "/v0/{crm}/Nothing", 403, MODEL_NOT_FOUND, seen="documented"),
    Case("missing scope", "GET", COMPANIES, 403, MODEL_NOT_FOUND, None, "no scope", "unverified"),
    Case(
        "reader deletes", "DELETE", COMPANIES + "/{company}", 403,
        error("INVALID_PERMISSIONS", "You are not permitted to perform this operation"), None, "read only",
        "documented",
    ),
    Case(
        "reader creates", "POST", COMPANIES, 403,
        error("INVALID_PERMISSIONS", "You are not permitted to create records in table Companies ({table})"),
        {"fields": {}}, "read only", "documented",
    ),
    Case(
        "reader changes", "PATCH", COMPANIES + "/{company}", 403,
        error("INVALID_PERMISSIONS", "You are not permitted to write cell values in field Name ({name})"),
        {"fields": {"Name": "x"}}, "read only", "documented",
    ),
    Case("malformed id", "GET", NO_ROUTE, 404, NOT_FOUND),
    Case("no such route", "GET", "/v0/meta/nothing", 404, NOT_FOUND),
    Case("hidden base", "GET", f"/v0/meta/bases/{NO_BASE}/tables", 404, error("NOT_FOUND")),
    Case("hidden base by itself", "GET", f"/v0/meta/bases/{NO_BASE}", 404, error("NOT_FOUND")),
    Case("malformed base by itself", "GET", "/v0/meta/bases/junk", 404, NOT_FOUND),
    Case("unknown table, 2022", "GET", "/v0/{crm}/tblBad", 404, NO_TABLE, None, "tables of 2022"),
    Case("missing record, 2022", "GET", f"{COMPANIES}/{GHOST}", 404, error("MODEL_ID_NOT_FOUND", "Record not found")),
    Case("missing record, 2026", "GET", f"{COMPANIES}/{GHOST}", 403, MODEL_NOT_FOUND, None, "2026", "reported"),
    Case("missing record, a text", "GET", f"{COMPANIES}/{GHOST}", 404, NOT_FOUND, None, "a text", "reported"),
    Case(
        "body too large", "POST", COMPANIES, 413, error("REQUEST_TOO_LARGE", "Request body is too large"), TOO_MUCH,
        seen="unverified",
    ),
    Case("unknown field", "POST", COMPANIES, 422, UNKNOWN_FIELD, {"fields": {"Last Name": "x"}}),
    Case("computed field", "POST", "/v0/{crm}/Deals", 422, computed("Deal number"), {"fields": {"Deal number": 7}}),
    Case("wrong value", "POST", COMPANIES, 422, cannot_accept("Name"), {"fields": {"Name": 7}}),
    Case("new choice", "POST", COMPANIES, 422, NO_CHOICE, {"fields": {"Industry": "Value"}}),
    Case("missing row, PATCH", "PATCH", COMPANIES, 422, row_missing(GHOST), {"records": [{"id": GHOST, "fields": {}}]}),
    Case("missing row, PUT", "PUT", COMPANIES, 422, row_missing(GHOST), {"records": [{"id": GHOST, "fields": {}}]}),
    Case("eleven created", "POST", COMPANIES, 422, CREATE_FORM, {"records": [{"fields": {}}] * 11}, seen="reported"),
    Case("no id updated", "PATCH", COMPANIES, 422, UPDATE_FORM, {"records": [{"fields": {}}]}, seen="reported"),
    Case("nothing deleted", "DELETE", COMPANIES, 422, DELETE_FORM, seen="reported"),
    Case("neither form", "POST", COMPANIES, 422, NEITHER_FORM, {}, seen="reported"),
    Case(
        "unknown field in a formula", "GET", COMPANIES + "?filterByFormula={{fldCxSg01LiJsIn4p}}=1", 422,
        formula("Unknown field names: fldcxsg01lijsin4p"),
    ),
    Case(
        "no formula", "GET", f"{COMPANIES}?filterByFormula=AND(", 422,
        formula("Invalid formula. Please check your formula text."),
    ),
    Case(
        "offset of nobody", "GET", f"{COMPANIES}?offset=itrZ", 422,
        error("INVALID_OFFSET_VALUE", "The value of offset itrZ is invalid"),
    ),
    Case("old offset", "GET", f"{COMPANIES}?offset={OFFSET}", 422, error("LIST_RECORDS_ITERATOR_NOT_AVAILABLE")),
    Case(
        "unknown view", "GET", f"{COMPANIES}?view=X", 422, error("VIEW_NAME_NOT_FOUND", "View X not found"),
        seen="reported",
    ),
    Case(
        "unknown view id", "GET", f"{COMPANIES}?view=viw{'0' * 14}", 422,
        error("VIEW_ID_NOT_FOUND", f"View viw{'0' * 14} not found"), seen="reported",
    ),
    Case("record of another table", "GET", COMPANIES + "/{contact}", 422, error("FAILED_STATE_CHECK"), seen="reported"),
    Case("page too large", "GET", f"{COMPANIES}?pageSize=101", 422, INVALID_REQUEST, seen="documented"),
    Case(
        "no JSON", "POST", COMPANIES, 422, error("INVALID_REQUEST_BODY", "Could not parse request body"),
        b'{"fields": NaN}',
    ),
    Case("too often", "GET", COMPANIES, 429, PLURAL, None, "a sixth request in a second"),
    Case("too often, singular", "GET", COMPANIES, 429, SINGULAR, None, "singular", "reported"),
    Case("month used up", "GET", COMPANIES, 429, CAP, None, "used up", "unverified"),
    Case("trouble at Airtable", "GET", COMPANIES, 503, RETRIABLE, None, "trouble", "documented"),
]  # fmt: skip


@pytest.fixture
def prepare(client, admin, monkeypatch):
    """Brings about what a case needs first, with what an operator of the simulator has: seed, options, admin plane."""

    def _prepare(first):
        match first:
            case "no token":
                del client.session.headers["authorization"]
            case "no scope":
                monkeypatch.setattr(client.sandbox, "_grants", {TOKEN: Grant(client.sandbox.user["id"], frozenset())})
            case "read only":
                monkeypatch.setattr(client.base("CRM"), "permission_level", "read")
            case "2026":
                monkeypatch.setattr(client.sandbox, "missing_record", "403")
            case "a text":
                monkeypatch.setattr(client.sandbox, "missing_record", "404-text")
            case "tables of 2022":
                monkeypatch.setattr(client.sandbox, "missing_table", "404")
            case "a sixth request in a second" | "singular":
                client.sandbox.clock.freeze()
                form = {"form": first} if first == "singular" else {}
                admin.send("POST", "/limits", json={"mode": "exact", **form})
                for _ in range(5):
                    client.send("GET", client.path("CRM", "Deals"))
            case "used up":
                admin.send("POST", "/limits", json={"callsPerMonth": 0})
            case "trouble":
                admin.send("POST", "/faults", json={"kind": "status", "status": 503})

    return _prepare


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_an_error_has_airtables_status_and_body(client, prepare, case):
    companies = client.table("CRM", "Companies")
    names = client.names() | {"company": next(iter(companies.records))}
    prepare(case.first)
    sent = {"data": case.sent} if isinstance(case.sent, bytes) else {"json": case.sent}
    answer = client.send(case.method, case.path.format(**names), **sent)
    expected = filled(
        case.body, {"{table}": companies.id, "{name}": companies.field("Name").id, "{base}": companies.base.id}
    )
    assert (answer.status_code, answer.json()) == (case.status, expected)
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    if case.status == 429:
        assert "retry-after" not in answer.headers


def filled(body, ids):
    if isinstance(body, dict):
        return {key: filled(value, ids) for key, value in body.items()}
    if isinstance(body, str):
        for name, value in ids.items():
            body = body.replace(name, value)
    return body


def test_the_list_is_whole_and_says_what_was_never_seen():
    assert len(CASES) == 40
    assert len({case.name for case in CASES}) == 40
    assert {case.name for case in CASES if case.seen == "unverified"} == {
        "missing scope", "body too large", "month used up",
    }  # fmt: skip
    statuses = {status: sum(case.status == status for case in CASES) for status in {case.status for case in CASES}}
    assert statuses == {401: 1, 403: 7, 404: 8, 413: 1, 422: 19, 429: 3, 503: 1}
