"""Browsers may call the platform."""

import pytest

from apps.api_gateway.app import create
from chassis.testing import AppClient
from tests.api_gateway.conftest import KEY

PAGE = {"origin": "https://app.example"}
PREFLIGHT = {**PAGE, "access-control-request-method": "PATCH", "authorization": None}


@pytest.mark.parametrize("path", ["/v0/appX/T", "/api/v1/why/last", "/openapi.json", "/nowhere"])
async def test_a_preflight_is_answered_without_a_key(client, path):
    answer = await client.request("OPTIONS", path, headers=PREFLIGHT)
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "PATCH" in answer.headers["access-control-allow-methods"]


@pytest.mark.parametrize(("path", "status"), [("/v0/x", 503), ("/problems", 200), ("/nowhere", 404), ("/healthz", 200)])
async def test_every_answer_may_be_read_by_a_page_errors_too(client, peers, path, status):
    peers["airtable-connector"].fails("dead")
    answer = await client.get(path, headers=PAGE)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (status, "*")
    assert "x-trace-id" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in answer.headers


async def test_what_the_edge_refuses_may_be_read_by_a_page_too(client):
    answer = await client.get("/v0/x", headers={**PAGE, "x-much": "a" * 70_000})
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (431, "*")


async def test_only_listed_origins_get_in_when_there_is_a_list(settings):
    listed = settings.model_copy(update={"cors_origins": ("https://mine.example",)})
    async with AppClient(create(listed), {"authorization": f"Bearer {KEY}"}).running() as client:
        other = await client.get("/problems", headers=PAGE)
        mine = await client.get("/problems", headers={"origin": "https://mine.example"})
    assert "access-control-allow-origin" not in other.headers
    assert mine.headers["access-control-allow-origin"] == "https://mine.example"


async def test_an_answer_is_neither_guessed_at_nor_framed(client):
    headers = (await client.get("/problems")).headers
    assert (headers["x-content-type-options"], headers["x-frame-options"]) == ("nosniff", "DENY")


async def test_an_apps_own_cross_origin_headers_do_not_count(client, peers):
    peers["airtable-connector"].answers(json={}, headers={"access-control-allow-origin": "https://x.example"})
    assert "access-control-allow-origin" not in (await client.get("/api/v1/bases")).headers
