"""The admin plane: what it shows, what it changes, and how it refuses."""

import pytest

SMALL = {"bases": [{"name": "Small", "tables": [{"name": "T", "fields": [{"name": "N", "type": "number"}]}]}]}


def test_health_names_the_bases_and_counts_the_records(admin):
    body = admin.get("/healthz")
    assert set(body["bases"].values()) == {"CRM", "Projects", "Content calendar"}
    assert (body["status"], body["limits"]) == ("ok", False)
    assert body["records"] >= 2000


def test_reset_returns_to_the_first_seed_with_the_same_ids(client, admin):
    path = client.path("CRM", "Companies")
    before = client.get(path)
    made = client.send("POST", path, json={"fields": {"Name": "Acme"}}).json()
    client.send("DELETE", f"{path}/{before['records'][0]['id']}")
    admin.send("POST", "/limits", json={"mode": "exact"})
    admin.send("POST", "/clock", json={"freeze": 0})
    admin.send("POST", "/faults", json={"kind": "status"})
    assert admin.send("POST", "/reset").status_code == 200
    assert client.get(path)["records"] == before["records"]
    assert client.send("POST", path, json={"fields": {"Name": "Acme"}}).json()["id"] == made["id"]
    assert (admin.get("/limits")["mode"], admin.get("/clock")["frozen"], admin.get("/faults")["faults"]) == (
        "off",
        False,
        [],
    )


def test_reset_with_a_seed_replaces_everything_and_seed_adds(client, admin):
    assert list(admin.send("POST", "/reset", json=SMALL).json()["bases"].values()) == ["Small"]
    other = {"bases": [{**SMALL["bases"][0], "name": "Other"}]}
    assert list(admin.send("POST", "/seed", json=other).json()["bases"].values()) == ["Other"]
    assert [base["name"] for base in client.get("/v0/meta/bases")["bases"]] == ["Small", "Other"]


def test_a_seed_may_be_yaml(admin):
    text = """
      bases:
      - name: Y
        tables: [{name: T, fields: [{name: D, type: date}], records: [{fields: {D: 2026-01-31}}]}]
    """
    assert list(admin.send("POST", "/seed", data=text).json()["bases"].values()) == ["Y"]


def test_a_seed_that_is_wrong_changes_nothing_and_names_the_place(client, admin):
    wrong = {"bases": [{"name": "X", "tables": [{"name": "T", "fields": [{"name": "N", "type": "magic"}]}]}]}
    for path in ("/reset", "/seed"):
        answer = admin.send("POST", path, json=wrong)
        assert answer.status_code == 422
        assert answer.json()["detail"].startswith("bases[0].tables[0].fields[0].type: unknown field type")
    assert len(client.get("/v0/meta/bases")["bases"]) == 3


def test_every_request_is_seen_with_its_arrival_and_answer_but_not_its_token(client, admin):
    client.sandbox.clock.freeze(1000)
    client.get(client.path("CRM", "Companies"), pageSize=1)
    client.send("GET", "/v0/nowhere/x", headers={"authorization": None})
    seen = admin.get("/requests")
    first, second = seen["requests"]
    assert (first["method"], first["path"], first["query"]) == ("GET", client.path("CRM", "Companies"), "pageSize=1")
    assert (first["status"], first["arrived"], first["base"]) == (200, 1000.0, client.base("CRM").id)
    assert (second["status"], second["base"]) == (401, None)
    assert seen["byStatus"] == {"200": 1, "401": 1}
    assert seen["byBase"] == {client.base("CRM").id: 1}
    assert "pat" not in str(seen).replace("path", "")


def test_requests_can_be_read_on_from_a_sequence_number_and_forgotten(client, admin):
    client.get("/v0/meta/whoami")
    last = admin.get("/requests")["last"]
    client.get("/v0/meta/bases")
    assert [entry["path"] for entry in admin.get("/requests", since=last)["requests"]] == ["/v0/meta/bases"]
    admin.send("DELETE", "/requests")
    client.get("/v0/meta/whoami")
    seen = admin.get("/requests", since=last)
    assert [entry["path"] for entry in seen["requests"]] == ["/v0/meta/whoami"]
    assert seen["byStatus"] == {"200": 1}


def test_limits_change_key_by_key(admin):
    changed = admin.send("POST", "/limits", json={"mode": "exact", "basePerSecond": 2, "penaltySeconds": 0.5}).json()
    assert changed == {
        "mode": "exact", "form": "plural", "basePerSecond": 2, "userPerSecond": 50, "penaltySeconds": 0.5,
        "retryAfter": None, "callsPerMonth": None, "penalties": {},
    }  # fmt: skip


def test_a_penalty_is_shown_with_what_is_left_of_it(client, admin):
    client.sandbox.clock.freeze()
    admin.send("POST", "/limits", json={"mode": "exact", "basePerSecond": 0})
    client.send("GET", client.path("CRM", "Companies"))
    admin.send("POST", "/clock", json={"advance": 10})
    assert admin.get("/limits")["penalties"] == {client.base("CRM").id: pytest.approx(20)}


def test_the_clock_freezes_moves_and_runs_again(admin):
    assert admin.send("POST", "/clock", json={"freeze": 1_800_000_000}).json()["now"] == "2027-01-15T08:00:00.000Z"
    assert admin.send("POST", "/clock", json={"advance": 3600}).json()["now"] == "2027-01-15T09:00:00.000Z"
    assert admin.send("POST", "/clock", json={"freeze": True}).json()["now"] == "2027-01-15T09:00:00.000Z"
    assert admin.send("POST", "/clock", json={"real": True}).json()["frozen"] is False


def test_open_iterators_can_be_expired(client, admin):
    path = client.path("CRM", "Companies")
    offset = client.get(path, pageSize=1)["offset"]
    admin.send("DELETE", "/iterators")
    answer = client.send("GET", path, params={"offset": offset})
    assert answer.json() == {"error": {"type": "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"}}


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "detail"),
    [
        ("GET", "/nothing", None, 404, "no such route"),
        ("GET", "/", None, 404, "no such route"),
        ("GET", "/limits/x", None, 404, "no such route"),
        ("DELETE", "/faults/7", None, 404, "no such fault"),
        ("DELETE", "/faults/x", None, 404, "no such fault"),
        ("GET", "/requests?since=x", None, 422, "since must be"),
        ("POST", "/limits", b"{", 400, "the body must be JSON"),
        ("POST", "/limits", b"[]", 422, "the body must be a JSON object"),
        ("POST", "/limits", b'{"mode": "some"}', 422, "mode must be exact or off"),
        ("POST", "/limits", b'{"perSecond": 1}', 422, "unknown key perSecond"),
        ("POST", "/limits", b'{"basePerSecond": 1.5}', 422, "basePerSecond must be a whole number"),
        ("POST", "/limits", b'{"penaltySeconds": -1}', 422, "penaltySeconds must be a number"),
        ("POST", "/clock", b'{"advance": -1}', 422, "give"),
        ("POST", "/clock", b'{"advance": 1e99}', 422, "give"),
        ("POST", "/clock", b"{}", 422, "give"),
        ("POST", "/seed", b"bases:\n- a: b: c", 422, "request body, line 2: not YAML"),
        ("POST", "/seed", b"- 1", 422, "request body: a seed is a mapping"),
        ("POST", "/seed", b"", 422, "request body: a seed is a mapping"),
        ("POST", "/faults", b'{"kind": "magic"}', 422, "kind must be one of"),
        ("POST", "/faults", b'{"kind": "delay", "path": "("}', 422, "path must be a regular expression"),
        ("POST", "/faults", b'{"kind": "delay", "path": 1}', 422, "path must be a regular expression"),
        ("POST", "/faults", b'{"kind": "delay", "probability": 2}', 422, "probability must be a number from 0 to 1"),
        ("POST", "/faults", b'{"kind": "delay", "every": 2}', 422, "unknown keys: every"),
        ("POST", "/faults", b'{"kind": "status", "status": 99}', 422, "status must be a number from 200 to 599"),
        ("POST", "/faults", b'{"kind": "status", "headers": {"a": "b\\r\\nc: d"}}', 422, "headers must map"),
        ("POST", "/faults", b'{"kind": "status", "method": 1}', 422, "method must be a text"),
    ],
)
def test_the_admin_plane_says_what_is_wrong(admin, method, path, sent, status, detail):
    answer = admin.send(method, path, data=sent)
    assert answer.status_code == status
    assert answer.json()["detail"].startswith(detail)
