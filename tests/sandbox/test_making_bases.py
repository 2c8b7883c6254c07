"""A base made through the metadata API is there at once, for every route; one that is refused leaves nothing."""

import pytest

from sandbox.airtable.embedded import TOKEN
from sandbox.airtable.grants import Grant
from tests.sandbox.bodies import INVALID_REQUEST, MODEL_NOT_FOUND, error

WORKSPACE = "wsp" + "A" * 14
TABLES = [
    {
        "name": "Orders",
        "description": "of all shops",
        "fields": [
            {"name": "Number", "type": "singleLineText"},
            {"name": "Total", "type": "currency", "options": {"precision": 2, "symbol": "€"}},
        ],
    },
    {"name": "People", "fields": [{"name": "Name", "type": "singleLineText"}]},
]
GOOD = {"name": "Shop", "workspaceId": WORKSPACE, "tables": TABLES}


def missing(key):
    return error("INVALID_REQUEST_MISSING_FIELDS", f'Could not find field "{key}" in the request body')


def test_a_new_base_is_listed_and_takes_records_comments_and_webhooks(client):
    made = client.send("POST", "/v0/meta/bases", json=GOOD).json()
    assert set(made) == {"id", "tables"}
    assert [table["name"] for table in made["tables"]] == ["Orders", "People"]
    assert {"id": made["id"], "name": "Shop", "permissionLevel": "create"} in client.get("/v0/meta/bases")["bases"]
    assert client.get(f"/v0/meta/bases/{made['id']}/tables")["tables"] == made["tables"]
    hook = {"specification": {"options": {"filters": {"dataTypes": ["tableData"]}}}}
    webhooks = f"/v0/bases/{made['id']}/webhooks"
    hook_id = client.send("POST", webhooks, json=hook).json()["id"]
    order = client.send("POST", f"/v0/{made['id']}/orders", json={"fields": {"Number": "1", "Total": 2.5}}).json()
    assert client.get(f"/v0/{made['id']}/Orders/{order['id']}") == order
    assert len(client.get(f"{webhooks}/{hook_id}/payloads")["payloads"]) == 1


def test_one_base_tells_who_has_access_to_it_when_asked(client, admin):
    admin.send("POST", "/clock", json={"freeze": 1_800_000_000})
    base = client.send("POST", "/v0/meta/bases", json=GOOD).json()["id"]
    path = f"/v0/meta/bases/{base}"
    short = client.get(path)
    assert short == {
        "id": base, "name": "Shop", "createdTime": "2027-01-15T08:00:00.000Z", "permissionLevel": "create",
        "workspaceId": WORKSPACE,
    }  # fmt: skip
    whole = client.get(f"{path}?include=collaborators&include=inviteLinks&include=interfaces")
    assert set(whole) - set(short) == {"individualCollaborators", "groupCollaborators", "inviteLinks", "interfaces"}
    owner, *others = whole["individualCollaborators"]["baseCollaborators"]
    assert len(others) == len(client.sandbox.users) - 1
    assert (owner["email"], owner["permissionLevel"]) == (client.sandbox.user["email"], "create")


def test_pyairtable_reads_the_collaborators_of_a_base(client, api):
    base = api.base(client.base("CRM").id)
    people = base.collaborators().individual_collaborators.via_base
    assert [each.user_id for each in people] == list(client.sandbox.users)
    assert base.name == "CRM"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ([], INVALID_REQUEST),
        ({**GOOD, "name": ""}, INVALID_REQUEST),
        ({**GOOD, "tables": []}, INVALID_REQUEST),
        ({**GOOD, "tables": "Orders"}, INVALID_REQUEST),
        ({**GOOD, "workspaceId": "app"}, INVALID_REQUEST),
        ({**GOOD, "workspaceId": 7}, INVALID_REQUEST),
        ({"workspaceId": WORKSPACE, "tables": TABLES}, missing("name")),
        ({"name": "Shop", "tables": TABLES}, missing("workspaceId")),
        ({"name": "Shop", "workspaceId": WORKSPACE}, missing("tables")),
        (
            {**GOOD, "tables": [*TABLES, TABLES[0]]},
            error("DUPLICATE_TABLE_NAME", "Cannot create table: a table with that name already exists"),
        ),
    ],
)
def test_a_base_that_is_refused_is_not_there(client, body, expected):
    answer = client.send("POST", "/v0/meta/bases", json=body)
    assert (answer.status_code, answer.json()) == (422, expected)
    assert len(client.get("/v0/meta/bases")["bases"]) == 3


def test_a_token_for_single_bases_makes_none(client, monkeypatch):
    grant = Grant(client.sandbox.user["id"], bases=frozenset({client.base("CRM").id}))
    monkeypatch.setattr(client.sandbox, "_grants", {TOKEN: grant})
    answer = client.send("POST", "/v0/meta/bases", json=GOOD)
    assert (answer.status_code, answer.json()) == (403, MODEL_NOT_FOUND)
