"""`pyat traces`, `pyat trace` and `pyat map`."""

import json

import pytest

ID = "a" * 32
PARTS = [
    {"depth": 0, "service": "api-gateway", "name": "GET /v0", "duration_ms": 100.0, "own_ms": 25.0, "error": None},
    {"depth": 1, "service": "connector", "name": "GET airtable", "duration_ms": 75.0, "own_ms": 75.0, "error": "503"},
]
TRACE = {"trace_id": ID, "name": "GET /v0", "duration_ms": 100.0, "spans": 2, "missing": 0, "parts": PARTS}


def test_a_trace_shows_who_caused_what_and_what_each_took_itself(gateway, pyat):
    gateway.on("GET", f"/api/v1/traces/{ID}", TRACE)
    first, second, third = pyat("trace", ID).stdout.splitlines()
    assert first == f"{ID}: GET /v0, 100.0 ms, 2 spans"
    assert second.endswith(" api-gateway GET /v0")
    assert third.endswith("   connector GET airtable  ✗ 503")
    assert (second.count("█"), third.count("█")) == (8, 22)


def test_the_last_trace_is_that_of_the_last_failure(gateway, pyat):
    gateway.on("GET", "/api/v1/why/last", {"trace_id": ID})
    gateway.on("GET", f"/api/v1/traces/{ID}", TRACE)
    assert json.loads(pyat("trace", "--json").stdout) == TRACE


def test_where_nothing_failed_there_is_no_last_trace(gateway, pyat):
    gateway.on("GET", "/api/v1/why/last", {"trace_id": ""})
    done = pyat("trace")
    assert (done.exit_code, done.stdout.startswith("Nothing of yours failed")) == (0, True)


def test_what_is_missing_is_told(gateway, pyat):
    gateway.on("GET", f"/api/v1/traces/{ID}", {**TRACE, "missing": 3})
    assert "3 spans that others name as their cause never came." in pyat("trace", ID).stdout


def test_traces_are_listed_with_the_way_to_the_next_page(gateway, pyat):
    one = {"trace_id": ID, "started": "2026-01-01T00:00:00Z", "duration_ms": 1500.2, "kept": "slow", "name": "GET /v0"}
    gateway.on("GET", "/api/v1/traces", {"items": [{**one, "error": None}], "next": "7"})
    done = pyat("traces", "--kept", "slow")
    assert f"{ID}  2026-01-01T00:00:00Z  1500  slow  GET /v0" in done.stdout
    assert "pyat traces --cursor 7" in done.stdout
    assert gateway.seen[-1].params == [("kept", "slow")]


@pytest.mark.parametrize("as_data", [True, False])
def test_the_map_shows_each_edge_with_its_health(gateway, pyat, as_data):
    calls = {"calls": 4, "failed": 2, "mean_ms": 12.34, "p95_ms": 50.0}
    edge = {"caller": "api-gateway", "callee": "connector", "state": "failing", "since": "2026-01-01T00:00:00Z"}
    seen = {
        "edges": [{**edge, "now": calls, "before": calls, "declared": False}],
        "unseen": [{"caller": "connector", "callee": "schema-service"}],
        "journeys": [{"name": "list records", "weight": 22, "needs": ["api-gateway", "connector"]}],
    }
    gateway.on("GET", "/api/v1/map", seen)
    gateway.on("GET", "/readyz", {"app": "api-gateway", "ready": True, "lines": 3000, "breakers": {}})
    other = {"name": "connector", "status": "peer.unavailable", "lines": None, "breakers": {"schema-service": "open"}}
    gateway.on("GET", "/health", {"services": [other]})
    if as_data:
        told = json.loads(pyat("map", "--json").stdout)
        assert (told["edges"][0]["state"], told["services"][0]["lines"]) == ("failing", 3000)
        return
    rows = [line.split() for line in pyat("map").stdout.splitlines() if line]
    assert ["api-gateway", "3000", "ready"] in rows
    assert ["connector", "peer.unavailable", "schema-service", "open"] in rows
    assert [row for row in rows if row[:3] == ["api-gateway", "connector", "failing"] and row[-1] == "undeclared"]
    assert ["not", "seen:", "connector", "→", "schema-service"] in rows
    assert ["list", "records", "22", "api-gateway,", "connector"] in rows
