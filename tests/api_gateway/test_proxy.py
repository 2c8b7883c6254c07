"""What passes the gateway, and how."""

import asyncio
import time

import jwt
import pytest

from tests.api_gateway.asgi import Exchange
from tests.api_gateway.conftest import KEY

CONNECTOR = "airtable-connector"
NO_KEY = {"authorization": None}


async def test_a_request_reaches_the_app_and_its_answer_comes_back(client, peers):
    peers[CONNECTOR].answers(201, json={"id": "rec1"}, headers={"etag": '"1"', "x-own": "kept"})
    answer = await client.post("/v0/appX/T", json={"fields": {}})
    assert (answer.status, answer.json()) == (201, {"id": "rec1"})
    assert (answer.headers["etag"], answer.headers["x-own"]) == ('"1"', "kept")
    seen = peers[CONNECTOR].requests[0]
    assert (seen.method, seen.json(), seen.headers["content-length"]) == ("POST", {"fields": {}}, "13")


@pytest.mark.parametrize(
    "target",
    [
        "/v0/appX/T%201%2F2",
        "/v0/appX/T%3Fq%23",
        "/v0/appX/100%25",
        "/v0/appX/T?filterByFormula=%7BA%7D%3D1&fields%5B%5D=a+b&u=http://x//y/../z",
        "/v0/appX/T?",
        "/v0/appX/%C3%A9",
        "/v0/appX/a:b@c!$&'()*+,;=~",
    ],
)
async def test_path_and_query_arrive_unchanged(client, peers, target):
    peers[CONNECTOR].answers(json={})
    await client.get(target)
    assert peers[CONNECTOR].requests[0].path == target.removesuffix("?")


async def test_a_final_slash_makes_no_redirect(client, peers):
    peers[CONNECTOR].answers(json={})
    assert (await client.post("/v0/appX/T/?", body=b"{}")).status == 200


async def test_the_app_gets_an_internal_token_and_never_the_clients_key(client, peers, dapr):
    peers[CONNECTOR].answers(json={})
    await client.get("/api/v1/bases")
    headers = peers[CONNECTOR].requests[0].headers
    token = headers["authorization"].removeprefix("Bearer ")
    claims = jwt.decode(
        token, dapr.secrets["identity/public-key"], algorithms=["EdDSA"], audience="platform", issuer="api-gateway"
    )
    assert (claims["sub"], claims["tenant"], claims["scopes"]) == ("developer", "local", ["*"])
    assert not any(KEY in value for value in headers.values())


async def test_the_app_gets_the_clients_address_and_not_what_the_client_says_it_is(client, peers):
    peers[CONNECTOR].answers(json={})
    await client.get("/api/v1/bases", headers={"x-platform-client-address": "192.0.2.7"})
    assert peers[CONNECTOR].requests[0].headers["x-platform-client-address"] == "127.0.0.1"


async def test_the_internal_token_is_kept_between_requests(client, peers):
    peers[CONNECTOR].answers(json={})
    for _ in range(2):
        await client.get("/api/v1/bases")
    first, second = peers[CONNECTOR].requests
    assert first.headers["authorization"] == second.headers["authorization"]


async def test_the_key_may_be_in_x_api_key(client, peers):
    peers[CONNECTOR].answers(json={})
    assert (await client.get("/api/v1/bases", headers={**NO_KEY, "x-api-key": KEY})).status == 200


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"authorization": None}, "identity.missing-key"),
        ({"authorization": "Basic eDp5"}, "identity.missing-key"),
        ({"authorization": "Bearer "}, "identity.missing-key"),
        ({"authorization": "Bearer pya_wrong"}, "identity.invalid-key"),
        ({"authorization": f"Bearer {KEY}x"}, "identity.invalid-key"),
        ({"authorization": None, "x-api-key": "é"}, "identity.invalid-key"),
    ],
)
async def test_without_a_known_key_nothing_is_passed_on(client, peers, headers, code):
    answer = await client.get("/api/v1/bases", headers=headers)
    assert answer.problem == (code, 401, "api-gateway")
    assert peers[CONNECTOR].requests == []


async def test_an_open_route_needs_no_key_and_gives_the_app_no_identity(client, peers):
    peers["webhook-service"].answers(204)
    assert (await client.post("/hooks/1", headers=NO_KEY, body=b"{}")).status == 204
    assert "authorization" not in peers["webhook-service"].requests[0].headers


async def test_headers_of_the_mesh_that_a_client_sends_do_not_pass(client, peers):
    peers[CONNECTOR].answers(json={})
    forged = {"dapr-app-id": "auth-service", "dapr-api-token": "x", "dapr-caller-app-id": "x", "x-forwarded-for": "1"}
    await client.get("/api/v1/bases", headers={**forged, "cookie": "a=b", "x-mine": "yes"})
    headers = peers[CONNECTOR].requests[0].headers
    assert (headers["dapr-app-id"], headers["dapr-api-token"], headers["x-mine"]) == (CONNECTOR, "sidecar-token", "yes")
    assert not {"dapr-caller-app-id", "x-forwarded-for", "cookie"} & headers.keys()


@pytest.mark.parametrize(
    ("path", "asked", "most"),
    [
        ("/v0/appX/T", None, 120_000),
        ("/api/v1/bases", None, 30_000),
        ("/api/v1/bases", "2000", 2_000),
        ("/v0/appX/T", "60000", 60_000),
        ("/api/v1/bases", "90000", 30_000),
    ],
)
async def test_a_client_may_shorten_the_routes_time_and_not_lengthen_it(client, peers, path, asked, most):
    peers[CONNECTOR].answers(json={})
    await client.get(path, headers={"x-timeout-ms": asked})
    assert most - 1_000 < int(peers[CONNECTOR].requests[0].headers["x-timeout-ms"]) <= most


async def test_a_change_carries_the_clients_idempotency_key_or_a_new_one(client, peers):
    peers[CONNECTOR].answers(json={})
    await client.post("/v0/appX/T", body=b"{}", headers={"idempotency-key": "mine"})
    for _ in range(2):
        await client.post("/v0/appX/T", body=b"{}")
    keys = [seen.headers["idempotency-key"] for seen in peers[CONNECTOR].requests]
    assert keys[0] == "mine"
    assert len(set(keys)) == 3


async def test_each_answer_tells_its_trace_its_request_and_where_the_time_went(client, peers):
    peers[CONNECTOR].answers(json={}, headers={"server-timing": f"{CONNECTOR};dur=1.5"})
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = await client.get(
        "/api/v1/bases", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01", "x-request-id": "mine"}
    )
    assert (answer.headers["x-trace-id"], answer.headers["x-request-id"]) == (trace, "mine")
    assert answer.headers["server-timing"].startswith("api-gateway;dur=")
    assert f"{CONNECTOR};dur=1.5" in answer.headers["server-timing"]
    assert peers[CONNECTOR].requests[0].headers["traceparent"].split("-")[1] == trace


async def test_an_unknown_path_gets_the_closest_known_one(client):
    answer = await client.get("/api/v2/bases")
    assert answer.problem == ("request.unknown-route", 404, "api-gateway")
    assert "Did you mean /api/v1" in answer.json()["detail"]


async def test_another_method_is_told_which_ones_there_are(client):
    answer = await client.delete("/api/v1/bases")
    assert answer.problem == ("request.method-not-allowed", 405, "api-gateway")
    assert answer.headers["allow"] == "GET, OPTIONS, POST"


async def test_options_tells_the_methods_without_a_key(client):
    answer = await client.request("OPTIONS", "/api/v1/bases", headers=NO_KEY)
    assert (answer.status, answer.headers["allow"]) == (204, "GET, OPTIONS, POST")


@pytest.mark.parametrize(
    "path", ["/v0/../x", "/v0/%2e%2e/x", "/v0/a/./b", "/v0/.%2E", "/v0/%zz", "/v0/100%", "/v0/%00"]
)
async def test_a_path_that_a_sidecar_would_read_differently_is_refused(client, peers, path):
    answer = await client.get(path)
    assert (answer.status, answer.headers["x-platform-code"]) == (400, "request.malformed")
    assert peers[CONNECTOR].requests == []


async def test_an_encoded_slash_does_not_lead_under_a_prefix(client):
    assert (await client.get("/v0%2FappX")).problem[0] == "request.unknown-route"


async def test_an_apps_own_problem_passes_unchanged(client, peers):
    problem = {"type": "/problems/note.empty", "status": 422, "code": "note.empty", "service": "x", "fault": "client"}
    peers[CONNECTOR].answers(422, json=problem, headers={"content-type": "application/problem+json"})
    answer = await client.post("/api/v1/bases", body=b"{}")
    assert (answer.status, answer.json()) == (422, problem)


@pytest.mark.parametrize(
    ("fault", "method", "problem"),
    [
        ("dead", "GET", ("peer.unavailable", 503, CONNECTOR)),
        ("sidecar-dead", "POST", ("peer.unavailable", 503, CONNECTOR)),
        ("unknown", "GET", ("peer.unavailable", 503, CONNECTOR)),
        ("unhealthy", "GET", ("peer.unavailable", 503, CONNECTOR)),
        ("lost", "POST", ("peer.answer-lost", 502, CONNECTOR)),
        ("denied", "GET", ("mesh.denied", 403, CONNECTOR)),
    ],
)
async def test_a_failure_of_the_mesh_names_the_app_at_fault(client, peers, fault, method, problem):
    peers[CONNECTOR].fails(fault)
    assert (await client.request(method, "/api/v1/bases", body=b"{}")).problem == problem


async def test_a_frozen_app_costs_no_more_than_the_requests_time(client, peers):
    peers[CONNECTOR].fails("frozen")
    began = time.monotonic()
    answer = await client.get("/api/v1/bases", headers={"x-timeout-ms": "100"})
    assert answer.problem == ("peer.timeout", 504, CONNECTOR)
    assert time.monotonic() - began < 1


async def test_under_an_airtable_prefix_errors_have_airtables_shape_and_our_headers(client, peers):
    peers[CONNECTOR].fails("dead")
    answer = await client.get("/v0/appX/T")
    assert (answer.status, answer.json()["error"]["type"]) == (503, "RETRIABLE_ERROR")
    assert answer.headers["retry-after"] == "1"
    told = [answer.headers[f"x-platform-{each}"] for each in ("code", "service", "fault")]
    assert told == ["peer.unavailable", CONNECTOR, "platform"]
    assert len(answer.headers["x-trace-id"]) == 32


async def test_a_missing_key_under_an_airtable_prefix_reads_like_airtables(client):
    answer = await client.get("/v0/appX/T", headers=NO_KEY)
    assert (answer.status, answer.json()["error"]["type"]) == (401, "AUTHENTICATION_REQUIRED")


async def test_without_its_secrets_the_gateway_says_so(client, dapr):
    dapr.secrets_available = False
    assert (await client.get("/api/v1/bases")).problem == ("secrets.unavailable", 503, "api-gateway")


@pytest.mark.parametrize("accept", ["text/event-stream, */*", "application/x-ndjson"])
async def test_events_arrive_one_by_one_as_they_are_sent(app, client, peers, accept):
    peers[CONNECTOR].streams(b"data: 1\n\n")
    exchange = Exchange(app, "GET", "/api/v1/events", {"accept": accept})
    exchange.say()
    assert (await exchange.hear())["status"] == 200
    assert (await exchange.hear())["body"] == b"data: 1\n\n"
    assert peers[CONNECTOR].requests[0].headers["accept"] == "text/event-stream"
    exchange.leave()
    await exchange.end()


async def test_the_connection_a_stream_comes_on_is_kept_open_as_long_as_it_comes(app, client, peers, monkeypatch):
    monkeypatch.setattr("apps.api_gateway.clients.routed_apps.OPEN_EVERY", 0.01)
    peers[CONNECTOR].answers(path="/readyz", json={})
    peers[CONNECTOR].streams(b"data: 1\n\n")
    exchange = Exchange(app, "GET", "/api/v1/events", {"accept": "text/event-stream"})
    exchange.say()
    for _ in range(2):
        await exchange.hear()
    async with asyncio.timeout(10):
        while len(peers[CONNECTOR].requests) < 3:  # noqa: ASYNC110  the peer tells nobody
            await asyncio.sleep(0)
    assert [seen.path for seen in peers[CONNECTOR].requests][1:3] == ["/readyz", "/readyz"]
    exchange.leave()
    await exchange.end()
    assert not [task for task in asyncio.all_tasks() if "_ask_on" in repr(task) and not task.cancelling()]


async def test_a_client_that_leaves_a_stream_ends_the_call(app, client, peers):
    peers[CONNECTOR].streams(b"data: 1\n\n")
    exchange = Exchange(app, "GET", "/api/v1/events", {"accept": "text/event-stream"})
    exchange.say()
    for _ in range(2):
        await exchange.hear()
    exchange.leave()
    await exchange.end()
    async with asyncio.timeout(5):
        await peers[CONNECTOR].disconnected.wait()


async def test_an_answer_of_unknown_length_is_passed_on_to_its_end(client, peers):
    peers[CONNECTOR].answers(chunks=[b"a" * 70_000, b"b" * 70_000])
    answer = await client.get("/api/v1/export")
    assert answer.body == b"a" * 70_000 + b"b" * 70_000


async def test_json_of_unknown_length_goes_out_in_one_piece_with_its_length(client, peers):
    peers[CONNECTOR].answers(chunks=[b'{"a":', b"1}"], headers={"content-type": "application/json"})
    answer = await client.get("/api/v1/export")
    assert (answer.json(), answer.headers["content-length"]) == ({"a": 1}, "7")


async def test_json_without_an_end_in_sight_is_streamed(client, peers):
    peers[CONNECTOR].answers(chunks=[b"[" + b"1," * 200_000, b"1]"], headers={"content-type": "application/json"})
    answer = await client.get("/api/v1/export")
    assert len(answer.json()) == 200_001
    assert "content-length" not in answer.headers


async def test_a_large_answer_arrives_whole(client, peers):
    peers[CONNECTOR].answers(body=bytes(3_000_000), headers={"content-type": "application/octet-stream"})
    answer = await client.get("/api/v1/export")
    assert (len(answer.body), answer.headers["content-length"]) == (3_000_000, "3000000")
