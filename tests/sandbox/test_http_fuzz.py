"""Whatever bytes come over the wire, either plane answers with a status below 500, whole and soon.

`SANDBOX_EXAMPLES=2000` is a long run.
"""

import http.client
import json
import socket
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.airtable.embedded import TOKEN, running
from tests.sandbox.fuzz import EXAMPLES

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "get"]
SEED = {
    "oauthClients": [{"id": "app", "redirectUris": ["https://app.example/back"]}],
    "bases": [
        {
            "id": "appAAAAAAAAAAAAAA",
            "name": "Shop",
            "tables": [
                {
                    "id": "tblAAAAAAAAAAAAAA",
                    "name": "T 1/2",
                    "fields": [
                        {"name": "Name", "type": "singleLineText"},
                        {"name": "File", "type": "multipleAttachments"},
                        {"name": "At", "type": "dateTime"},
                    ],
                    "records": [{"id": "recAAAAAAAAAAAAAA", "fields": {"Name": "x", "At": "0001-01-01"}}],
                }
            ],
        }
    ],
}


@pytest.fixture(scope="module")
def server():
    with running(SEED, limits="off") as airtable:
        yield airtable


_known = [
    "v0", "v1", "v3", "u", "meta", "whoami", "bases", "webhooks", "tables", "fields", "views", "comments", "payloads",
    "refresh", "enableNotifications", "listRecords", "uploadAttachment", "oauth2", "authorize", "token", "sync",
    "appAAAAAAAAAAAAAA", "tblAAAAAAAAAAAAAA", "recAAAAAAAAAAAAAA", "T%201%2F2", "Name", "File", "app1", "",
    "..", ".", "%00", "%FF", "%", "%2", "%F0%9F%98%80", "1", "99999999999999999999", "healthz", "reset", "seed",
    "requests", "faults", "limits", "clock", "iterators", "edits", "snapshots", "restore",
]  # fmt: skip
_routes = st.sampled_from(
    [
        "/v0/meta/whoami", "/v0/meta/bases", "/v0/meta/bases/appAAAAAAAAAAAAAA/tables",
        "/v0/meta/bases/appAAAAAAAAAAAAAA/tables/T%201%2F2/fields", "/v0/bases/appAAAAAAAAAAAAAA/webhooks",
        "/v0/appAAAAAAAAAAAAAA/T%201%2F2", "/v0/appAAAAAAAAAAAAAA/T%201%2F2/listRecords",
        "/v0/appAAAAAAAAAAAAAA/tblAAAAAAAAAAAAAA/recAAAAAAAAAAAAAA",
        "/v0/appAAAAAAAAAAAAAA/tblAAAAAAAAAAAAAA/recAAAAAAAAAAAAAA/comments",
        "/v0/appAAAAAAAAAAAAAA/recAAAAAAAAAAAAAA/File/uploadAttachment", "/v3/u/1/2/3/4", "/oauth2/v1/authorize",
        "/oauth2/v1/token",
    ]
)  # fmt: skip
_paths = _routes | st.lists(
    st.sampled_from(_known) | st.text(max_size=4).map(lambda text: quote(text.encode("utf-8", "surrogatepass"))),
    max_size=7,
).map(lambda parts: "/" + "/".join(parts))
_keys = st.sampled_from(
    ["fields", "fields[]", "sort[0][field]", "sort[0][direction]", "sort", "pageSize", "maxRecords", "offset", "view",
     "filterByFormula", "cellFormat", "timeZone", "userLocale", "returnFieldsByFieldId", "recordMetadata[]",
     "records[]", "cursor", "limit", "since", "include", "client_id", "redirect_uri", "scope", "state", "x", "%5B", ""]
)  # fmt: skip
_values = st.sampled_from(
    ["", "0", "1", "-1", "Name", "At", "string", "json", "utc", "..", "Europe/Berlin", "de", "%00", "%FF", "{", "AND(",
     "NOW()", "recAAAAAAAAAAAAAA", "itrAAAAAAAAAAAAAA/recAAAAAAAAAAAAAA", "9" * 40, "+", "%2"]
)  # fmt: skip
_queries = st.lists(st.tuples(_keys, _values).map("=".join), max_size=4).map("&".join)
_texts = st.text(max_size=6) | st.sampled_from(["x", "", "2026-01-31", "recAAAAAAAAAAAAAA", "singleLineText", "usr"])
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | _texts,
    lambda parts: (
        st.lists(parts, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["fields", "records", "id", "name", "type", "options", "text", "specification", "filters", "dataTypes",
                 "notificationUrl", "file", "filename", "contentType", "performUpsert", "fieldsToMergeOn", "Name",
                 "File", "At", "url", "bases", "tables", "kind", "freeze", "advance", "mode", "create", "base", "table",
                 "workspaceId", "typecast", "enable", "parentCommentId", "description", "linkedTableId", "choices"]
            ),
            parts,
            max_size=4,
        )
    ),
    max_leaves=12,
)  # fmt: skip
_bodies = (
    st.just(b"")
    | _json.map(lambda content: json.dumps(content).encode("utf-8", "surrogatepass"))
    | st.binary(max_size=30)
    | st.sampled_from([b"[" * 5000, b"\xff\xfe{}", b"bases: [", b"a=b&grant_type=refresh_token", b"{" * 5000])
)
_headers = st.lists(
    st.sampled_from(
        [
            b"Content-Type: application/json", b"Content-Type: text/csv", b"Content-Encoding: gzip", b"Accept: \xff",
            b"Authorization: Basic !!!", b"Authorization: Basic YTpi", b"Authorization: Bearer \xff", b"Cookie: a",
            b"Expect: 100-continue", b"Origin: null", b"X-Airtable-User-Agent: x", b"Upgrade: websocket",
            b"Transfer-Encoding: x",
        ]
    ),
    max_size=2,
)  # fmt: skip


def answer(url, method, target, headers, body):
    """The status and the whole body of one request in exactly these bytes; it fails after 10 s."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        lines = [f"{method} {target} HTTP/1.1".encode("latin-1", "replace"), b"Host: x", b"Connection: close", *headers]
        if body:
            lines.append(f"Content-Length: {len(body)}".encode())
        connection.sendall(b"\r\n".join([*lines, b"", body]))
        response = http.client.HTTPResponse(connection, method=method)
        response.begin()
        return response.status, response.headers.get("content-type", ""), response.read()


@settings(max_examples=3 * EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(METHODS), _paths, _queries, _headers, _bodies, st.booleans())
def test_no_request_to_the_api_fails(server, method, path, query, headers, body, known):
    token = [f"Authorization: Bearer {TOKEN}".encode()] if known else []
    status, kind, content = answer(server.url, method, f"{path}?{query}" if query else path, [*token, *headers], body)
    assert status < 500, content
    if kind.startswith("application/json") and method != "HEAD":
        json.loads(content)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(METHODS), _paths, _queries, _headers, _bodies)
def test_no_request_to_the_admin_plane_fails(server, method, path, query, headers, body):
    target = path.replace("/v0/meta", "").replace("/v0/appAAAAAAAAAAAAAA", "")
    status, _, content = answer(server.admin_url, method, f"{target}?{query}" if query else target, headers, body)
    assert status < 500, content


def test_after_all_of_it_both_planes_answer(server):
    assert answer(server.admin_url, "GET", "/healthz", [], b"")[0] == 200
    assert answer(server.url, "GET", "/v0/meta/whoami", [f"Authorization: Bearer {TOKEN}".encode()], b"")[0] == 200
