"""GET /api/v1/why: what the gateway knows about a request that went through it."""

import base64
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from apps.api_gateway.app import create
from apps.api_gateway.store import Memory
from chassis.testing import AppClient

from .conftest import KEY

CONNECTOR = "airtable-connector"
ANALYTICS = "analytics-service"
TEXT = {"accept": "text/plain"}


@pytest_asyncio.fixture
async def traced(settings):
    """A client of a gateway that tells spans."""
    told = settings.model_copy(update={"otlp_endpoint": "http://127.0.0.1:1"})
    async with AppClient(create(told), {"authorization": f"Bearer {KEY}"}).running() as client:
        yield client


def a_trace(trace_id, missing):
    span = {
        "id": "1", "service": "api-gateway", "name": "GET /v0", "kind": "server", "started": "2026-01-01T00:00:00Z",
        "duration_ms": 5, "own_ms": 5, "failed": False,
        "attributes": {"http.request.method": "GET", "url.path": "/v0/x", "http.response.status_code": 200},
    }  # fmt: skip
    stretch = {"service": "api-gateway", "name": "GET /v0", "spent": "own", "own_ms": 5}
    return {
        "trace_id": trace_id, "name": "GET /v0", "service": "api-gateway", "started": span["started"],
        "duration_ms": 5, "services": ["api-gateway"], "spans": 1, "parts": [span], "missing": missing,
        "findings": {"slowest": stretch, "path": [stretch]},
    }  # fmt: skip


async def test_the_last_failure_is_explained(client, peers):
    peers[CONNECTOR].fails("dead")
    failed = await client.get("/v0/appX/T?filterByFormula=secret")
    peers[CONNECTOR].answers(json={})
    await client.get("/v0/appX/T")
    verdict = (await client.get("/api/v1/why/last")).json()
    assert (verdict["trace_id"], verdict["failed"]) == (failed.headers["x-trace-id"], True)
    assert (verdict["cause"], verdict["service"]) == ("dependency down", CONNECTOR)
    assert "secret" not in json.dumps(verdict)


@pytest.mark.parametrize("by", ["x-trace-id", "x-request-id"])
async def test_a_request_is_found_by_its_trace_and_by_its_request_id(client, peers, by):
    peers[CONNECTOR].fails("denied", times=1).answers(json={}, path="/readyz")
    failed = await client.get("/api/v1/bases", headers={"x-request-id": "mine"})
    peers[CONNECTOR].fails("dead")
    await client.get("/api/v1/bases")
    verdict = (await client.get(f"/api/v1/why/{failed.headers[by]}")).json()
    assert verdict["cause"] == "denied"


async def test_the_launchers_record_tells_which_process_died(client, peers, settings):
    killed = {"code": None, "signal": 9, "at": time.time() - 0.1, "line": ""}
    process = {"name": CONNECTOR, "kind": "app", "app_id": CONNECTOR, "state": "backoff", "since": time.time()}
    sidecar = {**process, "name": f"{CONNECTOR}.sidecar", "kind": "sidecar", "state": "ready", "last_exit": None}
    record = {"launcher": {}, "processes": [{**process, "restarts": 1, "last_exit": killed}, sidecar]}
    settings.processes_file.write_text(json.dumps(record), "utf-8")
    peers[CONNECTOR].fails("dead")
    await client.get("/v0/appX/T")
    answer = await client.get("/api/v1/why/last", headers=TEXT)
    text = answer.body.decode()
    assert answer.headers["content-type"].startswith("text/plain")
    assert "airtable-connector was killed by signal 9" in text
    assert "make logs APP=airtable-connector" in text
    assert "asked now: peer.unavailable" in text
    assert len(text.splitlines()) <= 25


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"processes": [{}]}', '{"processes": 1}'])
async def test_a_record_that_cannot_be_read_is_missing_evidence(client, peers, settings, content):
    if content is not None:
        settings.processes_file.write_text(content, "utf-8")
    peers[CONNECTOR].fails("dead")
    await client.get("/v0/appX/T")
    assert "process records" in (await client.get("/api/v1/why/last")).json()["missing"][0]


async def test_airtables_own_answer_is_quoted(client, peers):
    told = {"x-platform-code": "airtable.unavailable", "x-platform-service": CONNECTOR, "x-platform-fault": "airtable"}
    body = {"error": {"type": "RETRIABLE_ERROR", "message": "try again"}}
    peers[CONNECTOR].answers(503, json=body, headers=told)
    await client.get("/v0/appX/T")
    verdict = (await client.get("/api/v1/why/last")).json()
    assert verdict["cause"] == "airtable"
    assert "RETRIABLE_ERROR" in verdict["summary"]


async def test_a_success_is_not_accused(client, peers):
    peers[CONNECTOR].answers(json={})
    answer = await client.get("/api/v1/bases")
    verdict = (await client.get(f"/api/v1/why/{answer.headers['x-trace-id']}")).json()
    assert (verdict["failed"], verdict["summary"]) == (False, "Nothing failed.")


async def test_an_unknown_id_is_named_as_unknown(client):
    verdict = (await client.get("/api/v1/why/0123456789abcdef0123456789abcdef")).json()
    assert (verdict["cause"], verdict["failed"]) == ("unknown", False)


async def test_a_refusal_without_a_key_is_found_by_its_trace_but_is_nobodys_last(client):
    refused = await client.get("/v0/appX/T", headers={"authorization": None})
    assert (await client.get("/api/v1/why/last")).json()["cause"] == "none"
    verdict = (await client.get(f"/api/v1/why/{refused.headers['x-trace-id']}")).json()
    assert verdict["cause"] == "denied"


async def test_another_tenants_request_is_not_shown(app, client, peers):
    memory = app.state.chassis.container[Memory]
    peers[CONNECTOR].fails("dead")
    answer = await client.get("/v0/appX/T")
    own = memory.last("local")
    memory.keep(replace(own, tenant="other", trace_id="f" * 32, request_id="theirs"))
    for asked in ("f" * 32, "theirs"):
        assert (await client.get(f"/api/v1/why/{asked}")).json()["cause"] == "unknown"
    last = (await client.get("/api/v1/why/last")).json()
    assert last["trace_id"] == answer.headers["x-trace-id"]


async def test_a_bug_of_the_gateway_is_called_one(client, monkeypatch):
    monkeypatch.setattr("apps.api_gateway.domain.headers.forwarded", lambda given: 1 / 0)
    answer = await client.get("/api/v1/bases")
    assert answer.problem == ("platform.internal", 500, "api-gateway")
    verdict = (await client.get("/api/v1/why/last")).json()
    assert (verdict["cause"], verdict["service"]) == ("code", "api-gateway")


async def test_analytics_service_is_asked_as_the_client_for_the_spans(traced, peers):
    peers[CONNECTOR].answers(json={})
    answer = await traced.get("/v0/appX/T")
    trace = answer.headers["x-trace-id"]
    peers[ANALYTICS].answers(json=a_trace(trace, missing=0), path=f"/api/v1/traces/{trace}")
    verdict = (await traced.get(f"/api/v1/why/{trace}")).json()
    assert (verdict["failed"], verdict["missing"]) == (False, [])
    assert "1 spans of api-gateway" in verdict["evidence"]


async def test_what_changed_shortly_before_at_whom_is_to_blame_is_told(traced, peers):
    at = datetime.now(UTC) - timedelta(seconds=30)
    change = {"at": at.isoformat(), "app": CONNECTOR, "kind": "settings", "detail": "AIRTABLE_CONNECTOR_CONCURRENCY"}
    peers[ANALYTICS].answers(json={"items": [change], "next": None}, path="/api/v1/changes")
    peers[CONNECTOR].fails("denied")
    failed = await traced.get("/v0/appX/T")
    verdict = (await traced.get(f"/api/v1/why/{failed.headers['x-trace-id']}")).json()
    assert "'s settings changed 30 s before: AIRTABLE_CONNECTOR_CONCURRENCY" in str(verdict["evidence"])


async def test_without_analytics_service_the_verdict_says_so_and_is_what_the_gateway_knows(traced, peers):
    peers[ANALYTICS].fails("dead")
    peers[CONNECTOR].fails("denied")
    failed = await traced.get("/v0/appX/T")
    verdict = (await traced.get(f"/api/v1/why/{failed.headers['x-trace-id']}")).json()
    assert verdict["cause"] == "denied"
    assert "spans: analytics-service cannot be asked (peer.unavailable)" in verdict["missing"]


async def test_a_trace_that_only_its_spans_remember_is_told_by_them(traced, peers):
    peers[ANALYTICS].answers(json=a_trace("e" * 32, missing=0), path=f"/api/v1/traces/{'e' * 32}")
    verdict = (await traced.get(f"/api/v1/why/{'e' * 32}")).json()
    assert (verdict["cause"], verdict["request"][:9]) == ("none", "GET /v0/x")


async def test_the_app_of_a_trace_that_only_its_spans_remember_is_asked_now(traced, peers):
    trace = a_trace("e" * 32, missing=0)
    trace["parts"][0] |= {"failed": True, "error": "peer.timeout"}
    trace["parts"][0]["attributes"]["http.response.status_code"] = 504
    blamed = {"service": CONNECTOR, "name": "GET /v0", "spent": "own", "own_ms": 5, "error": "peer.timeout"}
    trace["findings"] = {"blamed": blamed, "path": [blamed]}
    peers[ANALYTICS].answers(json=trace, path=f"/api/v1/traces/{'e' * 32}")
    peers[CONNECTOR].answers(json={"ready": True}, path="/readyz")
    verdict = (await traced.get(f"/api/v1/why/{'e' * 32}")).json()
    assert (verdict["cause"], verdict["service"]) == ("slow", CONNECTOR)
    assert "it answers now" in verdict["summary"]


async def test_the_page_shows_the_same_words_and_the_spans_as_a_picture(traced, peers):
    peers[ANALYTICS].answers(json=a_trace("e" * 32, missing=0), path=f"/api/v1/traces/{'e' * 32}")
    password = base64.b64encode(f"me:{KEY}".encode()).decode()
    page = await traced.get(f"/why/{'e' * 32}", headers={"authorization": f"Basic {password}"})
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    html = page.body.decode()
    assert "Nothing failed." in html
    assert "<svg" in html
    assert "<script" not in html
    assert "GET /v0" in html


@pytest.mark.parametrize("given", [None, "Basic !!!", "Basic bWU6d3Jvbmc="])
async def test_the_page_asks_browsers_for_the_key(traced, given):
    answer = await traced.get("/why/last", headers={"authorization": given})
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")


async def test_a_password_opens_nothing_but_the_page(client):
    password = base64.b64encode(f"me:{KEY}".encode()).decode()
    for path in ("/api/v1/why/last", "/v0/appX/T"):
        assert (await client.get(path, headers={"authorization": f"Basic {password}"})).status == 401


async def test_without_a_key_nothing_is_explained(client):
    answer = await client.get("/api/v1/why/last", headers={"authorization": None})
    assert answer.problem == ("identity.missing-key", 401, "api-gateway")
