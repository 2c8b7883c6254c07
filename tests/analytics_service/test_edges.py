"""Each edge is compared with what it was before."""

import pytest

from apps.analytics_service.domain.graph import Calls
from apps.analytics_service.domain.health import judged

from .sending import Telemetry, span, trace_id

NOW = 1_000  # the minute the present begins with


def calls(number, took=10.0, failed=0):
    counted = Calls()
    for n in range(number):
        counted.count(took, failed=n < failed)
    return counted


@pytest.mark.parametrize(
    ("before", "now", "state"),
    [
        (calls(100), calls(10), "well"),
        (calls(100), calls(10, failed=1), "failing"),
        (calls(100, failed=8), calls(10, failed=1), "well"),
        (calls(100), calls(10, took=100), "slower"),
        (calls(100, took=1), calls(10, took=4), "well"),
        (calls(100), calls(3, took=100), "well"),
        (calls(100), None, "silent"),
        (None, calls(10), "new"),
        (None, calls(10, failed=9), "failing"),
    ],
)
def test_an_edge_is_judged_by_what_it_was(before, now, state):
    minutes = {NOW - 5: before, NOW + 1: now}
    (health,) = judged({(minute, "a", "b"): each for minute, each in minutes.items() if each}, NOW)
    assert health.state == state


def test_it_is_told_since_when_an_edge_is_slower():
    minutes = {(NOW - n, "a", "b"): calls(10) for n in range(2, 10)}
    minutes |= {(NOW + n, "a", "b"): calls(10, took=500) for n in range(1, 4)}
    (health,) = judged(minutes, NOW)
    assert (health.state, health.since.timestamp()) == ("slower", (NOW + 1) * 60)


def test_ill_edges_come_first():
    minutes = {(NOW - 1, "a", "b"): calls(10), (NOW, "a", "b"): calls(10), (NOW, "c", "d"): calls(10, failed=9)}
    assert [health.state for health in judged(minutes, NOW)] == ["failing", "well"]


async def test_edges_are_told_as_they_are_now_to_who_may_see_the_platform(app, client):
    spans = [span(trace_id(), "GET x", kind="client", error="503", peer_service="x-service") for _ in range(6)]
    assert await Telemetry(app).send(*spans) == 200
    answer = await client.get("/api/v1/edges", params={"minutes": 60})
    (edge,) = answer.json()["items"]
    assert (edge["caller"], edge["callee"], edge["state"]) == ("api-gateway", "x-service", "failing")
    assert (edge["now"]["calls"], edge["now"]["failed"], edge["before"]["calls"]) == (6, 6, 0)
    assert (await client.get("/api/v1/edges", params={"minutes": 0})).status == 422


async def test_the_map_says_which_calls_the_code_declares_and_which_nobody_has_seen(app, client):
    seen = [
        span(trace_id(), "GET x", kind="client", peer_service=callee)
        for callee in ("audit-service", "rate-limiter-service", "api.airtable.com")
        for _ in range(6)
    ]
    seen += [span(trace_id(), "GET x", kind="client", peer_service="api-gateway") for _ in range(6)]
    assert await Telemetry(app).send(*seen) == 200
    found = (await client.get("/api/v1/map")).json()
    declared = {edge["callee"]: edge["declared"] for edge in found["edges"]}
    assert declared == {
        "audit-service": True,
        "rate-limiter-service": True,
        "api.airtable.com": None,
        "api-gateway": False,
    }
    unseen = [(call["caller"], call["callee"]) for call in found["unseen"]]
    assert ("api-gateway", "schema-service") in unseen
    assert ("api-gateway", "audit-service") not in unseen
    assert found["journeys"][0]["name"] == "list records"
    assert "airtable-connector" in found["journeys"][0]["needs"]


@pytest.mark.parametrize("path", ["/api/v1/edges", "/api/v1/map"])
async def test_the_platforms_edges_are_not_for_everybody(client, dapr, path):
    narrow = {"authorization": f"Bearer {dapr.token(scopes=('records.read',))}"}
    answer = await client.get(path, headers=narrow)
    assert answer.problem == ("traces.not-yours", 403, "analytics-service")
