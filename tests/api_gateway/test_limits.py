"""What is too much, too long, too slow or not HTTP is the client's fault and never a 500."""

import asyncio
import json
from typing import Any

import pytest

from apps.api_gateway.routes import upload
from chassis.testing import AppClient
from tests.api_gateway.asgi import Exchange

CONNECTOR = "airtable-connector"
MIB = 1024 * 1024


async def why_last(client: AppClient) -> Any:
    return (await client.get("/api/v1/why/last")).json()


async def test_a_body_at_the_routes_limit_passes_and_one_byte_more_does_not(client, peers):
    peers["webhook-service"].answers(204)
    assert (await client.post("/hooks/1", body=bytes(1024))).status == 204
    assert (await client.post("/hooks/1", body=bytes(1025))).problem == ("request.too-large", 413, "api-gateway")


async def test_sixteen_mebibytes_pass_where_the_route_takes_them(client, peers):
    peers["file-storage-service"].answers(204)
    assert (await client.put("/files/1", body=bytes(16 * MIB))).status == 204
    assert (await client.put("/files/1", body=bytes(16 * MIB + 1))).problem[0] == "request.too-large"
    seen = peers["file-storage-service"].requests
    assert [(len(each.body), each.headers["content-length"]) for each in seen] == [(16 * MIB, str(16 * MIB))]


async def test_under_an_airtable_prefix_a_large_body_is_refused_in_airtables_shape(client):
    answer = await client.post("/v0/appX/T", body=bytes(MIB + 1))
    assert (answer.status, answer.json()["error"]["type"]) == (413, "REQUEST_TOO_LARGE")


async def test_a_body_of_unknown_length_is_counted_before_an_app_sees_it(app, client, peers):
    exchange = Exchange(app, "POST", "/hooks/1", {"transfer-encoding": "chunked"})
    exchange.say(bytes(1000), more=True)
    exchange.say(bytes(1000), more=True)
    assert (await exchange.hear())["status"] == 413
    await exchange.end()
    assert peers["webhook-service"].requests == []


async def test_a_body_of_unknown_length_within_the_limit_is_sent_with_its_length(app, client, peers):
    peers["webhook-service"].answers(204)
    exchange = Exchange(app, "POST", "/hooks/1", {"transfer-encoding": "chunked"})
    exchange.say(b"ab", more=True)
    exchange.say(b"cd")
    assert (await exchange.hear())["status"] == 204
    await exchange.end()
    seen = peers["webhook-service"].requests[0]
    assert (seen.body, seen.headers["content-length"]) == (b"abcd", "4")


async def test_a_large_body_is_passed_on_in_parts(app, client, peers):
    peers["file-storage-service"].answers(204)
    exchange = Exchange(app, "PUT", "/files/1", {"content-length": "200000"})
    exchange.say(bytes(100_000), more=True)
    exchange.say(bytes(100_000))
    assert (await exchange.hear())["status"] == 204
    await exchange.end()
    assert len(peers["file-storage-service"].requests[0].body) == 200_000


@pytest.mark.parametrize("length", ["100", "200000"])
async def test_a_body_that_does_not_come_is_the_clients_fault_and_opens_no_breaker(
    app, client, peers, monkeypatch, length
):
    monkeypatch.setattr(upload, "IDLE", 0.02)
    for _ in range(6):
        exchange = Exchange(app, "PUT", "/files/1", {"content-length": length})
        exchange.say(b"x", more=True)
        heard = await exchange.hear()
        assert (heard["status"], json.loads((await exchange.hear())["body"])["code"]) == (408, "request.too-slow")
        await exchange.end()
    peers["file-storage-service"].answers(204)
    assert (await client.put("/files/1", body=b"x")).status == 204


async def test_a_short_time_of_its_own_still_lets_a_client_send_its_body(app, client, peers):
    peers["webhook-service"].answers(204)
    exchange = Exchange(app, "POST", "/hooks/1", {"content-length": "1", "x-timeout-ms": "900"})
    await asyncio.sleep(0)
    exchange.say(b"x")
    assert (await exchange.hear())["status"] == 204
    await exchange.end()


@pytest.mark.parametrize("length", ["100", "200000"])
async def test_a_client_that_leaves_in_the_middle_of_its_body_opens_no_breaker(app, client, peers, length):
    for _ in range(6):
        exchange = Exchange(app, "PUT", "/files/1", {"content-length": length})
        exchange.say(b"x", more=True)
        exchange.leave()
        await exchange.end()
        assert (await why_last(client))["remedy"]["command"] == "curl $PLATFORM_URL/problems/request.abandoned"
    peers["file-storage-service"].answers(204)
    assert (await client.put("/files/1", body=b"x")).status == 204


async def test_headers_at_the_limit_pass_and_more_do_not(client, peers):
    peers[CONNECTOR].answers(json={})
    assert (await client.get("/api/v1/bases", headers={"x-much": "a" * 7_000})).status == 200
    answer = await client.get("/api/v1/bases", headers={"x-much": "a" * 65_536})
    assert answer.problem == ("request.headers-too-large", 431, "api-gateway")


async def test_a_long_address_counts_like_headers(client):
    answer = await client.get("/v0/appX/T?filterByFormula=" + "a" * 66_000)
    assert (answer.status, answer.headers["x-platform-code"]) == (431, "request.headers-too-large")


@pytest.mark.parametrize(
    "headers",
    [
        {"content-length": "-1"},
        {"content-length": "1e3"},
        {"content-length": "٣"},
        {"traceparent": "00-" + "0" * 32 + "-1-1"},
        {"x-request-id": "a" * 5_000},
        {"x-timeout-ms": "-5"},
        {"x-timeout-ms": "9" * 400},
        {"accept": "é\u0080"},
        {"if-none-match": "ÿ" * 100},
        {"connection": "authorization, host"},
        {"x-a": ""},
    ],
)
async def test_hostile_headers_never_make_a_500(app, client, peers, headers):
    peers[CONNECTOR].answers(json={})
    exchange = Exchange(app, "GET", "/api/v1/bases", headers)
    exchange.say()
    assert (await exchange.hear())["status"] in (200, 400, 401)
    await exchange.end()
