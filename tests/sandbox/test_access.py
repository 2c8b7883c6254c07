"""What a token may do: scopes, bases, permission levels, and OAuth from the consent page to the last refresh."""

import base64
import contextlib
import hashlib
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session

from sandbox.airtable.embedded import running
from tests.sandbox.bodies import MODEL_NOT_FOUND, error

BASE, OTHER = "app" + "A" * 14, "app" + "B" * 14
URI = "https://app.example/back"
SEED = {
    "users": [{"name": "Ada", "email": "ada@example.com"}],
    "tokens": [
        {"token": "patAll", "user": "ada@example.com"},
        {"token": "patReader", "scopes": ["data.records:read"], "bases": [BASE]},
        {"token": "patNone", "scopes": []},
    ],
    "oauthClients": [
        {"id": "public", "redirectUris": [URI], "scopes": ["data.records:read", "user.email:read"]},
        {"id": "private", "secret": "s3cret", "redirectUris": [URI]},
        {"id": "hooks", "redirectUris": [URI]},
        {"id": "adas", "redirectUris": [URI], "user": "ada@example.com"},
    ],
    "bases": [
        {"id": BASE, "name": "Shop", "tables": [{"name": "T", "fields": [{"name": "A", "type": "singleLineText"}],
                                                 "records": [{"fields": {"A": "x"}}]}]},
        {"id": OTHER, "name": "Shown", "permissionLevel": "read",
         "tables": [{"name": "T", "fields": [{"name": "A", "type": "singleLineText"}], "records": [{"fields": {}}]}]},
    ],
}  # fmt: skip
VERIFIER = "v" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ASKED = {
    "client_id": "public", "redirect_uri": URI, "response_type": "code", "scope": "data.records:read",
    "state": "s" * 16, "code_challenge": CHALLENGE, "code_challenge_method": "S256",
}  # fmt: skip


@pytest.fixture(scope="module")
def server():
    with running(SEED, limits="off") as airtable:
        yield airtable


def ask(server, token, method, path, **more):
    headers = {"authorization": f"Bearer {token}"}
    return requests.request(method, server.url + path, headers=headers, timeout=10, **more)


@pytest.mark.parametrize(
    ("scope", "method", "path"),
    [
        ("data.records:read", "GET", f"/v0/{BASE}/T"),
        ("data.records:read", "POST", f"/v0/{BASE}/T/listRecords"),
        ("data.records:write", "POST", f"/v0/{BASE}/T"),
        ("data.recordComments:read", "GET", f"/v0/{BASE}/T/recAAAAAAAAAAAAAA/comments"),
        ("data.recordComments:write", "POST", f"/v0/{BASE}/T/recAAAAAAAAAAAAAA/comments"),
        ("schema.bases:read", "GET", "/v0/meta/bases"),
        ("schema.bases:read", "GET", f"/v0/meta/bases/{BASE}/tables"),
        ("schema.bases:write", "POST", f"/v0/meta/bases/{BASE}/tables"),
        ("webhook:manage", "GET", f"/v0/bases/{BASE}/webhooks"),
    ],
)
def test_each_route_needs_its_scope(server, scope, method, path):
    refused = ask(server, "patNone", method, path, json={})
    assert (refused.status_code, refused.json()) == (403, MODEL_NOT_FOUND), scope
    answer = ask(server, "patAll", method, path, json={})
    assert answer.status_code != 403 or answer.json() != MODEL_NOT_FOUND


def test_a_token_sees_only_its_bases_and_its_user(server):
    assert ask(server, "patReader", "GET", f"/v0/{BASE}/T").status_code == 200
    assert ask(server, "patReader", "GET", f"/v0/{OTHER}/T").json() == MODEL_NOT_FOUND
    assert ask(server, "patAnything", "GET", f"/v0/{BASE}/T").status_code == 401
    assert "email" not in ask(server, "patReader", "GET", "/v0/meta/whoami").json()
    assert ask(server, "patAll", "GET", "/v0/meta/whoami").json()["email"] == "ada@example.com"
    made = ask(server, "patAll", "POST", f"/v0/{BASE}/T", json={"fields": {"A": "y"}}).json()
    comment = ask(server, "patAll", "POST", f"/v0/{BASE}/T/{made['id']}/comments", json={"text": "hi"}).json()
    assert comment["author"]["email"] == "ada@example.com"


def test_a_reader_of_a_base_may_not_change_it_whatever_the_token_may(server):
    record = ask(server, "patAll", "GET", f"/v0/{OTHER}/T").json()["records"][0]["id"]
    for method, path, body in (
        ("DELETE", f"/v0/{OTHER}/T/{record}", None),
        ("POST", f"/v0/{OTHER}/T/{record}/comments", {"text": "x"}),
        ("POST", f"/v0/meta/bases/{OTHER}/tables", {}),
        ("POST", f"/v0/bases/{OTHER}/webhooks", {}),
    ):
        refused = ask(server, "patAll", method, path, json=body)
        assert (refused.status_code, refused.json()) == (
            403,
            error("INVALID_PERMISSIONS", "You are not permitted to perform this operation"),
        )


def allowed(server, **changes):
    form = {**ASKED, "decision": "allow", **changes}
    answer = requests.post(f"{server.url}/oauth2/v1/authorize", data=form, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    return {key: values[0] for key, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def token(server, auth=None, **form):
    return requests.post(f"{server.url}/oauth2/v1/token", data=form, auth=auth, timeout=10)


def exchanged(server, **changes):
    form = {"grant_type": "authorization_code", "code": allowed(server)["code"], "redirect_uri": URI,
            "client_id": "public", "code_verifier": VERIFIER}  # fmt: skip
    return token(server, **{**form, **changes})


def test_oauth_gives_a_token_that_has_what_was_granted_and_lasts_an_hour(server):
    page = requests.get(f"{server.url}/oauth2/v1/authorize", params=ASKED, timeout=10)
    assert "data.records:read" in page.text
    assert allowed(server)["state"] == ASKED["state"]
    assert allowed(server, decision="deny")["error"] == "access_denied"
    given = exchanged(server).json()
    assert (given["token_type"], given["scope"], given["expires_in"]) == ("Bearer", "data.records:read", 3600)
    access = given["access_token"]
    assert ask(server, access, "GET", "/v0/meta/whoami").json()["scopes"] == ["data.records:read"]
    assert ask(server, access, "GET", f"/v0/{BASE}/T").status_code == 200
    assert ask(server, access, "POST", f"/v0/{BASE}/T", json={"fields": {}}).json() == MODEL_NOT_FOUND
    requests.post(f"{server.admin_url}/clock", json={"advance": 3601}, timeout=10)
    assert ask(server, access, "GET", f"/v0/{BASE}/T").status_code == 401


def test_who_consents_is_the_clients_user_unless_the_page_chooses_another(server):
    def who(client_id, **chosen):
        code = allowed(server, client_id=client_id, scope="user.email:read", **chosen)["code"]
        first = exchanged(server, client_id=client_id, code=code).json()["refresh_token"]
        renewed = token(server, grant_type="refresh_token", client_id=client_id, refresh_token=first).json()
        return ask(server, renewed["access_token"], "GET", "/v0/meta/whoami").json()["email"]

    asked = ASKED | {"client_id": "adas"}
    page = requests.get(f"{server.url}/oauth2/v1/authorize", params=asked, timeout=10).text
    assert "<option selected>ada@example.com" in page
    assert "<option>owner@sandbox.example" in page
    assert who("adas") == "ada@example.com"
    assert who("public") == "owner@sandbox.example"
    assert who("public", user="ada@example.com") == "ada@example.com"
    form = {**ASKED, "decision": "allow", "user": "nobody@example.com"}
    assert requests.post(f"{server.url}/oauth2/v1/authorize", data=form, timeout=10).status_code == 400


@pytest.mark.parametrize(("client_id", "secret"), [("public", None), ("private", "s3cret")])
def test_a_stock_oauth_client_gets_a_token_uses_and_renews_it(server, client_id, secret):
    stock = OAuth2Session(client_id, secret, redirect_uri=URI, scope="data.records:read", code_challenge_method="S256")
    with contextlib.closing(stock):
        verifier, authorize = generate_token(48), f"{server.url}/oauth2/v1/authorize"
        address, _ = stock.create_authorization_url(authorize, state="s" * 16, code_verifier=verifier)
        form = {**dict(parse_qsl(urlsplit(address).query)), "decision": "allow", "user": "ada@example.com"}
        back = requests.post(authorize, data=form, allow_redirects=False, timeout=10).headers["location"]
        given = stock.fetch_token(
            f"{server.url}/oauth2/v1/token", authorization_response=back, state="s" * 16, code_verifier=verifier
        )
        assert stock.get(f"{server.url}/v0/{BASE}/T", timeout=10).status_code == 200
        renewed = stock.refresh_token(f"{server.url}/oauth2/v1/token", refresh_token=given["refresh_token"])
        assert renewed["access_token"] != given["access_token"]
        assert stock.get(f"{server.url}/v0/{BASE}/T", timeout=10).status_code == 200


def test_a_refresh_token_works_once_and_its_second_use_revokes_the_grant(server):
    first = exchanged(server).json()
    renew = {"grant_type": "refresh_token", "client_id": "public"}
    second = token(server, **renew, refresh_token=first["refresh_token"]).json()
    assert ask(server, first["access_token"], "GET", "/v0/meta/whoami").status_code == 401
    assert ask(server, second["access_token"], "GET", "/v0/meta/whoami").status_code == 200
    again = token(server, **renew, refresh_token=first["refresh_token"])
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert ask(server, second["access_token"], "GET", "/v0/meta/whoami").status_code == 401
    assert token(server, **renew, refresh_token=second["refresh_token"]).status_code == 400


def test_oauth_refuses_what_does_not_fit(server):
    for change in (
        {"client_id": "x"}, {"redirect_uri": "https://evil.example"}, {"scope": "schema.bases:write"}, {"scope": ""},
        {"state": "short"}, {"code_challenge": "x"}, {"code_challenge_method": "plain"}, {"response_type": "token"},
    ):  # fmt: skip
        answer = requests.get(f"{server.url}/oauth2/v1/authorize", params=ASKED | change, timeout=10)
        assert answer.status_code == 400, change
    for change, wanted in (
        ({"code_verifier": "wrong"}, "invalid_grant"), ({"redirect_uri": "x"}, "invalid_grant"),
        ({"code": "x"}, "invalid_grant"), ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_id": "private"}, "invalid_client"), ({"auth": ("private", "no")}, "invalid_client"),
    ):  # fmt: skip
        assert exchanged(server, **change).json()["error"] == wanted, change
    code = allowed(server, client_id="private")["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": URI, "code_verifier": VERIFIER}
    assert token(server, auth=("private", "s3cret"), **form).status_code == 200
    assert token(server, auth=("private", "s3cret"), **form).json()["error"] == "invalid_grant"


def test_an_integration_has_two_webhooks_in_a_base_and_a_person_ten(server):
    specification = {"specification": {"options": {"filters": {"dataTypes": ["tableData"]}}}}
    code = allowed(server, client_id="hooks", scope="webhook:manage")["code"]
    access = exchanged(server, client_id="hooks", code=code).json()["access_token"]
    path = f"/v0/bases/{BASE}/webhooks"
    answers = [ask(server, access, "POST", path, json=specification) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 403]
    assert answers[2].json()["error"]["type"] == "TOO_MANY_WEBHOOKS_IN_BASE"
    assert ask(server, "patAll", "POST", path, json=specification).status_code == 200
    assert ask(server, access, "DELETE", f"{path}/{answers[0].json()['id']}").status_code == 200
    assert ask(server, access, "POST", path, json=specification).status_code == 200
