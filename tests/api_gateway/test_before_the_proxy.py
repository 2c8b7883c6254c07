"""What is refused before the proxy sees it: in the shape its client knows, and `why` tells it."""

import asyncio
import socket

import pytest
import uvicorn

from apps.api_gateway.app import create
from chassis import Starting, _edge, _protocol
from chassis._protocol import Protocol
from chassis.testing import AppClient
from tests.api_gateway.conftest import KEY

MIB = 1024 * 1024
LARGE_HEADERS = ({"headers": {"x-much": "a" * 66_000}}, 431, "request.headers-too-large", "INVALID_REQUEST_UNKNOWN")
LARGE_BODY = ({"headers": {"content-length": str(65 * MIB)}}, 413, "request.too-large", "REQUEST_TOO_LARGE")
HEAD = b"GET /v0/appX/T HTTP/1.1\r\nauthorization: Bearer " + KEY.encode() + b"\r\nhost: a\r\n"
UPLOAD = HEAD.replace(b"GET", b"POST") + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\nno size\r\n"


async def why(client: AppClient, asked: str) -> dict:
    return (await client.get(f"/api/v1/why/{asked}")).json()


def tells_of(verdict: dict, trace: str, status: int, code: str) -> bool:
    return (
        verdict["trace_id"] == trace
        and f"/v0/appX/T → {status} after" in verdict["request"]
        and verdict["evidence"][0].startswith(f"problem {code}: service api-gateway")
        and verdict["path"] == [{**verdict["path"][0], "name": "api-gateway", "state": "failed"}]
    )


@pytest.mark.parametrize(("sent", "status", "code", "kind"), [LARGE_HEADERS, LARGE_BODY])
async def test_an_airtable_client_is_refused_in_airtables_words_and_why_knows_it(client, sent, status, code, kind):
    answer = await client.post("/v0/appX/T", **sent)
    assert (answer.status, answer.json()["error"]["type"]) == (status, kind)
    told = [answer.headers[f"x-platform-{each}"] for each in ("code", "service", "fault")]
    assert told == [code, "api-gateway", "client"]
    trace = answer.headers["x-trace-id"]
    assert answer.headers["link"] == f'</api/v1/why/{trace}>; rel="help"'
    for asked in (trace, "last"):
        verdict = await why(client, asked)
        assert tells_of(verdict, trace, status, code), verdict
        assert (verdict["cause"], verdict["service"]) == ("wrong data", "client")


@pytest.mark.parametrize(("sent", "status", "code", "kind"), [LARGE_HEADERS, LARGE_BODY])
async def test_elsewhere_it_is_a_problem_with_the_same_way_to_why(client, sent, status, code, kind):
    answer = await client.post("/api/v1/bases", **sent)
    assert answer.problem == (code, status, "api-gateway")
    assert answer.headers["link"] == f'</api/v1/why/{answer.headers["x-trace-id"]}>; rel="help"'
    assert (await why(client, "last"))["trace_id"] == answer.headers["x-trace-id"]


async def test_a_gateway_that_is_starting_says_so_and_remembers_it(app, dapr, monkeypatch):
    monkeypatch.setattr(_edge, "START_PATIENCE", 0.05)
    dapr.healthy = False
    client = AppClient(app, {"authorization": f"Bearer {KEY}"})
    async with app.router.lifespan_context(app):
        answer = await client.get("/v0/appX/T")
        assert (answer.status, answer.json()["error"]["type"]) == (503, "RETRIABLE_ERROR")
        assert (answer.headers["x-platform-code"], answer.headers["retry-after"]) == ("app.starting", "1")
        dapr.healthy = True
        async with asyncio.timeout(10):
            await app.state.chassis.health.started.wait()
        for asked in (answer.headers["x-trace-id"], "last"):
            verdict = await why(client, asked)
            assert tells_of(verdict, answer.headers["x-trace-id"], 503, "app.starting"), verdict
            assert (verdict["cause"], verdict["service"]) == ("dependency down", "api-gateway")
            assert "its sidecar" in verdict["summary"]


async def test_a_refused_request_is_the_last_only_of_who_showed_its_key(client):
    await client.post("/v0/appX/T", headers={"authorization": "Bearer pya_anothers", "content-length": str(65 * MIB)})
    await client.post("/v0/appX/T", headers={"authorization": None, "content-length": str(65 * MIB)})
    assert (await why(client, "last"))["cause"] == "none"


async def test_what_is_remembered_of_refusals_is_bounded(settings):
    few = create(settings.model_copy(update={"remembered_failures": 3}))
    async with AppClient(few, {"authorization": f"Bearer {KEY}"}).running() as client:
        traces = [(await client.post("/v0/appX/T", **LARGE_BODY[0])).headers["x-trace-id"] for _ in range(4)]
        assert [(await why(client, trace))["failed"] for trace in traces] == [False, True, True, True]


async def test_an_error_of_a_route_of_its_own_is_explained_too(client):
    answer = await client.get("/problems/no.such-code")
    assert answer.problem == ("problem.unknown", 404, "api-gateway")
    assert (await why(client, answer.headers["x-trace-id"]))["cause"] == "wrong data"


async def test_a_bug_under_an_airtable_prefix_has_airtables_shape(client, monkeypatch):
    monkeypatch.setattr("apps.api_gateway.domain.headers.forwarded", lambda given: 1 / 0)
    answer = await client.get("/v0/appX/T")
    assert (answer.status, answer.json()["error"]["type"]) == (500, "SERVER_ERROR")
    assert answer.headers["x-platform-code"] == "platform.internal"


async def test_what_an_app_refuses_before_its_own_v0_routes_is_put_in_airtables_shape(client, peers):
    problem = Starting("The connector is starting and waits for its sidecar.")
    body = {"code": problem.code, "status": 503, "service": "airtable-connector", "fault": "platform"}
    headers = {"content-type": "application/problem+json", "retry-after": "1"}
    peers["airtable-connector"].answers(503, json={**body, "detail": problem.detail}, headers=headers)
    answer = await client.get("/v0/appX/T")
    assert answer.json() == {"error": {"type": "RETRIABLE_ERROR", "message": problem.detail}}
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["content-length"] == str(len(answer.body))
    told = [answer.headers[each] for each in ("x-platform-code", "x-platform-service", "retry-after")]
    assert told == ["app.starting", "airtable-connector", "1"]
    assert (await client.get("/api/v1/bases")).problem == ("app.starting", 503, "airtable-connector")


@pytest.mark.parametrize(
    ("sent", "status", "code", "kind"),
    [
        (HEAD + b"x-endless: " + b"x" * 70_000, 431, "request.headers-too-large", "INVALID_REQUEST_UNKNOWN"),
        (HEAD + b"a header without a colon\r\n\r\n", 400, "request.malformed", "INVALID_REQUEST_UNKNOWN"),
        (HEAD + b"x-slow: ", 408, "request.too-slow", "INVALID_REQUEST_UNKNOWN"),
        (UPLOAD, 400, "request.malformed", "INVALID_REQUEST_UNKNOWN"),
    ],
    ids=["a head that does not end", "a head that is not HTTP", "a head that does not come", "a body that is not HTTP"],
)
async def test_what_is_no_request_at_all_is_answered_and_remembered_like_one(
    app, client, monkeypatch, sent, status, code, kind
):
    monkeypatch.setattr(_protocol, "HEAD_WITHIN", 0.2)
    head, body = await raw(app, sent)
    assert head[0].split()[1] == str(status).encode(), head
    headers = dict(line.decode().split(": ", 1) for line in head[1:])
    assert f'"type": "{kind}"' in body.decode()
    assert (headers["x-platform-code"], headers["connection"]) == (code, "close")
    for asked in (headers["x-trace-id"], "last"):
        verdict = await why(client, asked)
        assert tells_of(verdict, headers["x-trace-id"], status, code), verdict


async def test_garbage_is_a_problem_with_a_trace(app, client):
    head, body = await raw(app, b"\x16\x03\x01 not http at all\r\n\r\n")
    assert head[0].split()[1] == b"400"
    assert b'"code":"request.malformed"' in body
    trace = dict(line.split(b": ", 1) for line in head[1:])[b"x-trace-id"].decode()
    assert (await why(client, trace))["cause"] == "wrong data"


async def raw(app, sent: bytes) -> tuple[list[bytes], bytes]:
    """Send bytes over a socket to the app as it is served; the lines of the answer's head, and its body."""
    config = uvicorn.Config(app, http=Protocol, ws="none", lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.create_task(server._serve([listening]))
        try:
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            writer.write(sent)
            async with asyncio.timeout(10):
                answer = await reader.read()
            writer.close()
        finally:
            server.should_exit = True
            await serving
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.split(b"\r\n"), body
