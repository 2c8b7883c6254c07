"""Whatever a client sends: a clear problem, never a 500, never a stack trace."""

import asyncio
import json

import httpx
import pytest

from demo.journey import Place
from tests.system.mesh import Mesh


def ask(mesh: Mesh, method: str, path: str, **request: object) -> httpx.Response:
    headers = {"authorization": f"Bearer {mesh.address.key}", **request.pop("headers", {})}  # type: ignore[dict-item]
    return httpx.request(method, mesh.address.url + path, headers=headers, timeout=20, **request)  # type: ignore[arg-type]


JSON = {"content-type": "application/json"}
DEEP = b'{"records": ' + b"[" * 5_000 + b"]" * 5_000 + b"}"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{not json", 400, "request.malformed-json"),
        (b"", 422, "request.invalid"),
        (b"\xff\xfe{}", 400, "request.malformed-json"),
        (b"[]", 422, "request.invalid"),
        (b'{"records": "x"}', 422, "request.invalid"),
        (b'{"records": [{"fields": 3}]}', 422, "request.invalid"),
        (b'{"records": [], "recrods": 1}', 422, "request.invalid"),
        (DEEP, 400, "request.too-deep"),
        (b'{"records": [{"fields": {"Name": "' + b"x" * 1_100_000 + b'"}}]}', 413, "request.too-large"),
    ],
)
def test_a_bad_body_is_a_clear_problem(mesh: Mesh, place: Place, body: bytes, status: int, code: str) -> None:
    answer = ask(mesh, "POST", place.records, content=body, headers=JSON)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), problem
    assert problem["fault"] == "client"
    assert problem["trace_id"] == answer.headers["x-trace-id"]
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/nowhere", 404, "request.unknown-route"),
        ("/api/v1/nowhere", 404, "request.unknown-route"),
        ("/api/v1/bases/appUnknown0000000/tables", 404, "airtable.not-found"),
        ("/api/v1/bases/not-an-id/tables", 404, "airtable.not-found"),
        ("{base}/tables/No such table/records", 404, "airtable.not-found"),
        ("{records}/recUnknown0000000", 404, "airtable.not-found"),
        ("{records}?page_size=0", 422, "request.invalid"),
        ("{records}?page_size=abc", 422, "request.invalid"),
        ("{records}?filter={{Name} =", 422, "airtable.invalid-request"),
        ("{records}?filter={{No such field}}%20%3D%201", 422, "airtable.invalid-request"),
        ("{records}?fields=No such field", 422, "airtable.invalid-request"),
        ("{records}?cursor=garbage", 422, "airtable.invalid-request"),
    ],
)
def test_a_bad_address_or_parameter_is_a_clear_problem(
    mesh: Mesh, place: Place, path: str, status: int, code: str
) -> None:
    url = path.replace("{records}", place.records).replace("{base}", f"/api/v1/bases/{place.base}")
    answer = ask(mesh, "GET", url.replace("{{", "{").replace("}}", "}"))
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.json()["fault"] == "client"


def test_an_unknown_field_in_a_write_is_named(mesh: Mesh, place: Place) -> None:
    answer = ask(mesh, "POST", place.records, json={"records": [{"fields": {"No such field": 1}}]})
    assert answer.status_code == 422
    assert "No such field" in json.dumps(answer.json())


def test_a_wrong_method_names_the_right_ones(mesh: Mesh) -> None:
    answer = ask(mesh, "DELETE", "/api/v1/bases")
    assert (answer.status_code, answer.json()["code"]) == (405, "request.method-not-allowed")
    assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize(("path", "style"), [("/api/v1/bases", "code"), ("/v0/meta/bases", "error")])
def test_oversized_headers_are_refused_in_the_clients_words_and_why_tells_of_it(
    mesh: Mesh, path: str, style: str
) -> None:
    answer = ask(mesh, "GET", path, headers={f"x-large-{n}": "y" * 8_000 for n in range(9)})
    assert answer.status_code == 431, answer.text
    assert style in answer.json()
    for asked in (answer.headers["x-trace-id"], "last"):
        verdict = ask(mesh, "GET", f"/api/v1/why/{asked}").json()
        assert verdict["trace_id"] == answer.headers["x-trace-id"]
        assert verdict["evidence"][0].startswith("problem request.headers-too-large: service api-gateway")


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /api/v1/bases HTTP/1.1\r\nhost: a\r\nauthorization: Bearer \xff\xfe\r\n\r\n",
        b"GET /%ff%fe HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET /api/v1/../../etc/passwd HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET /v0/%2e%2e%2fadmin HTTP/1.1\r\nhost: a\r\n\r\n",
        b"BREW /api/v1/bases HTTP/1.1\r\nhost: a\r\n\r\n",
        b"not http at all\r\n\r\n",
    ],
)
async def test_bytes_no_client_library_sends_are_answered_with_4xx(mesh: Mesh, raw: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", mesh.port(8000))
    writer.write(raw)
    status_line = await asyncio.wait_for(reader.readline(), timeout=10)
    writer.close()
    assert status_line.split()[1][:1] == b"4", status_line


def test_the_airtable_surface_answers_in_airtables_shape(mesh: Mesh, place: Place) -> None:
    answer = ask(mesh, "GET", f"/v0/{place.base}/{place.table}/recUnknown0000000")
    assert answer.status_code in {403, 404}
    assert "error" in answer.json()
    assert answer.headers["x-platform-code"] == "airtable.not-found"
    assert answer.headers["x-trace-id"]
