"""Traces come in as OTLP, are kept when they are worth it, and are shown as a whole."""

import asyncio
import gzip

import pytest

from .sending import Telemetry, encoded, span, trace_id

GATEWAY, CONNECTOR, DATABASE = "aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb", "cccccccccccccccc"
MINE = {"platform_tenant": "local"}


@pytest.fixture
def telemetry(app):
    return Telemetry(app)


async def kept(client, trace, **params):
    """The trace as soon as it is decided to be kept; None when it is not, though another one after it was."""
    for _ in range(100):
        answer = await client.get(f"/api/v1/traces/{trace}", params=params)
        if answer.status == 200 and answer.json()["kept"]:
            return answer.json()
        await asyncio.sleep(0.05)
    raise AssertionError(f"{trace} is not kept: {answer.status} {answer.body!r}")


def failing(trace, **gateway):
    """A request that fails in the database of the second app: one span of each."""
    return (
        span(trace, id=GATEWAY, took=100, error="503", **{**MINE, **gateway}),
        span(trace, "GET connector", id=CONNECTOR, parent=GATEWAY, kind="client", began=5, took=80, error="503",
             peer_service="connector"),
        span(trace, "postgresql", service="connector", id=DATABASE, parent=CONNECTOR, kind="client", began=10, took=60,
             error="database.unavailable", db_system_name="postgresql"),
    )  # fmt: skip


async def test_a_trace_shows_every_span_after_the_one_that_caused_it_and_what_each_took_itself(telemetry, client):
    trace = trace_id()
    assert await telemetry.send(*reversed(failing(trace))) == 200
    found = await kept(client, trace)
    assert [(part["depth"], part["service"], part["name"], part["own_ms"]) for part in found["parts"]] == [
        (0, "api-gateway", "GET /v0", 20.0),
        (1, "api-gateway", "GET connector", 20.0),
        (2, "connector", "postgresql", 60.0),
    ]  # fmt: skip
    assert (found["kept"], found["error"], found["missing"]) == ("failed", "database.unavailable", 0)
    assert found["services"] == ["api-gateway", "connector"]


async def test_a_trace_is_there_before_it_is_decided_about(telemetry, client):
    trace = trace_id()
    await telemetry.send(span(trace, **MINE))
    answer = await client.get(f"/api/v1/traces/{trace}")
    assert (answer.status, answer.json()["kept"]) == (200, None)


async def test_slow_ones_are_kept_and_of_the_others_as_many_of_each_route_as_are_set(telemetry, client):
    slow, others, rare = trace_id(), [trace_id() for _ in range(5)], trace_id()
    await telemetry.send(
        *(span(each, **MINE) for each in others), span(rare, "GET /rare", **MINE), span(slow, took=1000, **MINE)
    )
    assert (await kept(client, slow))["kept"] == "slow"
    assert (await kept(client, rare))["kept"] == "sample"
    listed = (await client.get("/api/v1/traces", params={"name": "GET /v0", "kept": "sample"})).json()["items"]
    assert len(listed) == 2


async def test_what_comes_late_joins_the_trace_that_was_kept(telemetry, client):
    trace = trace_id()
    first, *rest = failing(trace)
    await telemetry.send(first)
    assert (await kept(client, trace))["spans"] == 1
    await telemetry.send(*rest)
    for _ in range(100):
        found = await kept(client, trace)
        if found["error"] == "database.unavailable":
            break
        await asyncio.sleep(0.05)
    assert found["spans"] == 3


async def test_a_span_that_is_sent_twice_is_there_once(telemetry, client):
    trace = trace_id()
    for _ in range(2):
        await telemetry.send(*failing(trace))
    assert (await kept(client, trace))["spans"] == 3


async def test_a_span_whose_cause_never_came_is_shown_and_counted(telemetry, client):
    trace = trace_id()
    gateway, _, database = failing(trace)
    await telemetry.send(gateway, database)
    found = await kept(client, trace)
    assert (len(found["parts"]), found["missing"]) == (2, 1)


async def test_another_tenants_trace_is_not_there_and_nobodys_takes_a_scope(telemetry, app, client, dapr):
    theirs, nobodys = trace_id(), trace_id()
    await telemetry.send(*failing(theirs, platform_tenant="other"), span(nobodys, error="app.starting"))
    await kept(client, nobodys, trail="platform")
    assert (await client.get(f"/api/v1/traces/{theirs}")).problem == ("traces.unknown", 404, "analytics-service")
    assert (await client.get(f"/api/v1/traces/{nobodys}")).problem == ("traces.unknown", 404, "analytics-service")
    narrow = {"authorization": f"Bearer {dapr.token(scopes=('records.read',))}"}
    answer = await client.get(f"/api/v1/traces/{nobodys}", params={"trail": "platform"}, headers=narrow)
    assert answer.problem == ("traces.not-yours", 403, "analytics-service")


async def test_a_list_is_read_page_by_page(telemetry, client):
    sent = [trace_id() for _ in range(5)]
    for each in sent:
        await telemetry.send(span(each, error="500", **MINE))
        await kept(client, each)
    found, cursor = [], None
    while True:
        params = {"page_size": 2, **({"cursor": cursor} if cursor else {})}
        page = (await client.get("/api/v1/traces", params=params)).json()
        found += [item["trace_id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == sent[::-1]


async def test_a_list_is_narrowed(telemetry, client):
    slow, failed = trace_id(), trace_id()
    await telemetry.send(span(slow, "POST /v0", took=2000, **MINE), *failing(failed))
    await kept(client, slow)
    await kept(client, failed)

    async def names(**params):
        return [item["trace_id"] for item in (await client.get("/api/v1/traces", params=params)).json()["items"]]

    assert await names(service="connector") == [failed]
    assert await names(name="POST /v0") == [slow]
    assert await names(at_least_ms=1500) == [slow]
    assert await names(kept="failed") == [failed]
    assert await names(since="2000-01-01T00:00:00Z", until="2000-01-02T00:00:00Z") == []


async def test_what_is_too_old_or_too_much_is_forgotten(telemetry, app, client, dapr):
    trace = trace_id()
    await telemetry.send(*failing(trace))
    await kept(client, trace)
    await dapr.jobs.tick(app, "forget-old-traces")
    assert (await client.get(f"/api/v1/traces/{trace}")).status == 200
    settings = app.state.chassis.settings
    settings.__dict__["kept_megabytes"] = 0
    await dapr.jobs.tick(app, "forget-old-traces")
    assert (await client.get(f"/api/v1/traces/{trace}")).status == 404


async def test_who_calls_whom_is_counted_also_of_what_is_not_kept(telemetry, app, client):
    sent = [trace_id() for _ in range(4)]
    for each in sent:
        await telemetry.send(*failing(each))
    from apps.analytics_service.service import Traces

    await app.state.chassis.container[Traces]._write(everything=True)
    edges = (await client.get("/api/v1/graph")).json()["items"]
    assert [(e["caller"], e["callee"], e["calls"], e["failed"], e["p95_ms"]) for e in edges] == [
        ("api-gateway", "connector", 4, 4, 100.0), ("connector", "postgresql", 4, 4, 100.0),
    ]  # fmt: skip


async def test_spans_may_come_packed(telemetry, client):
    trace = trace_id()
    assert (await telemetry.post(gzip.compress(encoded(*failing(trace))), content_encoding="gzip")).status == 200
    await kept(client, trace)


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"\xff\xff\xff", {}, 400),
        (b"{}", {"content_type": "application/json"}, 415),
        (b"x", {"content_encoding": "br"}, 415),
        (b"x", {"content_encoding": "gzip"}, 400),
        (b"x" * (4 * 2**20 + 1), {}, 413),
        (gzip.compress(b"\0" * 2**25), {"content_encoding": "gzip"}, 413),
    ],
)
async def test_what_is_no_otlp_is_refused_with_a_reason(telemetry, client, body, headers, status):
    answer = await telemetry.post(body, **headers)
    assert (answer.status, bool(answer.json()["message"])) == (status, True)


async def test_what_finds_no_room_is_refused_and_the_sender_told_to_come_again(app, telemetry, client):
    from apps.analytics_service.service import Traces

    app.state.chassis.container[Traces]._assembly._room = 1
    answer = await telemetry.post(encoded(*failing(trace_id())))
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
