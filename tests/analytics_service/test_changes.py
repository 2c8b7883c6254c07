"""What changed is told: starts and what was different about them, and schemas."""

import asyncio

import orjson
import pytest

from apps.analytics_service.service import Traces
from chassis import uuid7

from .sending import Telemetry, span, trace_id

START = {"name": "process start", "kind": "internal", "service": "note-service"}
DAY = 25 * 3_600_000  # milliseconds, and an hour more


@pytest.fixture
def telemetry(app):
    return Telemetry(app)


def start(instance: str, began: float, *, version: str = "1", port: int = 8099, **settings: str):
    """`began` as `span` has it; `settings` are digests."""
    begun = span(trace_id(), began=began, **START)
    about = {"service.instance.id": instance, "service.version": version, "host.name": "here", "server.port": port}
    begun._attributes = {**about, **{f"platform.setting.{name}": digest for name, digest in settings.items()}}
    return begun


async def told(client, *, count: int, **asked):
    """The changes as (kind, detail), oldest first, as soon as there are so many."""
    for _ in range(200):
        items = (await client.get("/api/v1/changes", params=asked)).json()["items"]
        if len(items) >= count:
            return [(one["kind"], one["detail"]) for one in reversed(items)]
        await asyncio.sleep(0.05)
    raise AssertionError(f"only {items}")


async def test_a_start_is_compared_with_the_one_before(telemetry, client):
    await telemetry.send(start("one", 0, NOTE_SERVICE_PAGE="aa", NOTE_SERVICE_URL="bb"))
    await telemetry.send(start("two", 10, version="2", NOTE_SERVICE_PAGE="cc", NOTE_SERVICE_URL="bb"))
    assert await told(client, count=4) == [
        ("started", "version 1 at here:8099"),
        ("restarted", "version 2 at here:8099"),
        ("version", "1 → 2"),
        ("settings", "NOTE_SERVICE_PAGE"),
    ]


async def test_another_replica_is_no_restart_and_a_start_told_twice_is_one(telemetry, client):
    await telemetry.send(start("one", 0))
    await telemetry.send(start("two", 10, port=9099), start("one", 0))
    await telemetry.send(start("three", 20, port=9099))
    assert [kind for kind, _ in await told(client, count=3)] == ["started", "started", "restarted"]


async def test_a_changed_schema_is_its_tenants_alone(telemetry, client, dapr):
    await dapr.bus.connect(client.app)
    for tenant, base in (("another", "appB"), ("local", "appA")):
        await dapr.bus.deliver("schema-service.schema-changed", orjson.dumps(changed(tenant, base)))
    assert await told(client, count=1) == [("schema", "appA: version 1 → 2, 3 changes, breaking")]


async def test_changes_are_narrowed_and_come_in_pages(telemetry, client):
    await telemetry.send(start("one", 0), start("two", 10), start("three", 20))
    await told(client, count=3)
    assert await told(client, count=1, kind="started", app="note-service") == [("started", "version 1 at here:8099")]
    assert (await client.get("/api/v1/changes", params={"app": "other"})).json()["items"] == []
    page = (await client.get("/api/v1/changes", params={"page_size": 2})).json()
    rest = (await client.get("/api/v1/changes", params={"page_size": 2, "cursor": page["next"]})).json()
    assert [len(page["items"]), len(rest["items"]), rest["next"]] == [2, 1, None]


async def test_old_changes_are_forgotten_and_the_last_start_of_an_app_is_not(telemetry, client, app):
    await telemetry.send(start("one", -2 * DAY, NOTE_SERVICE_PAGE="aa"), start("two", -DAY, NOTE_SERVICE_PAGE="bb"))
    await told(client, count=3)
    await app.state.chassis.container[Traces].forget()
    assert (await client.get("/api/v1/changes")).json()["items"] == []
    await telemetry.send(start("three", 0, NOTE_SERVICE_PAGE="bb"))
    assert await told(client, count=1) == [("restarted", "version 1 at here:8099")]


def changed(tenant: str, base: str):
    return {
        "specversion": "1.0",
        "id": str(uuid7()),
        "source": "schema-service",
        "type": "schema-service.schema-changed.v1",
        "subject": base,
        "time": "2026-11-25T10:00:00.000000Z",
        "datacontenttype": "application/json",
        "tenantid": tenant,
        "actorid": "developer",
        "sequence": "1",
        "subjectsequence": "1",
        "traceparent": f"00-{'a' * 32}-{'b' * 16}-01",
        "correlationid": "r",
        "causationid": "r",
        "data": {"base": base, "version": 2, "previous": 1, "breaking": True, "total": 3, "changes": []},
    }
