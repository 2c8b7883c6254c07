"""What the gateway refuses leaves a trail; what an app answers is that app's to tell."""

import asyncio
from pathlib import Path

import pytest
import pytest_asyncio

from apps.api_gateway.app import create
from chassis.testing import AppClient
from chassis.testing.fixtures import audit
from contracts.audit_service import Entry, canonical
from tests.api_gateway.conftest import KEY
from tests.postgres import new_database, postgres

__all__ = ["audit", "new_database", "postgres"]
CONNECTOR = "airtable-connector"
NOBODY = {"authorization": None}


@pytest_asyncio.fixture
async def database(dapr, new_database):
    url = dapr.secrets["database-url/api-gateway"] = await new_database("api-gateway")
    return url


@pytest.fixture
def app(settings, database, tmp_path: Path):
    return create(settings.model_copy(update={"platform_run_dir": str(tmp_path)}))


async def told(audit, count: int = 1) -> list[dict]:
    """The entries, once there are `count`."""
    async with asyncio.timeout(20):
        while len(found := await audit.entries()) < count:  # noqa: ASYNC110  its file tells nobody
            await asyncio.sleep(0.02)
    return found


@pytest.mark.parametrize(
    ("headers", "code"),
    [(NOBODY, "identity.missing-key"), ({"authorization": "Bearer pya_wrong"}, "identity.invalid-key")],
)
async def test_who_has_no_key_is_denied_and_noted_with_his_address(client, audit, dapr, headers, code):
    await client.post("/api/v1/bases", headers={**headers, "user-agent": "curl/8"})
    (entry,) = await told(audit)
    assert (entry["action"], entry["outcome"], entry["code"]) == ("request.refuse", "denied", code)
    assert (entry["tenant"], entry["actor"]["type"]) == ("platform", "anonymous")
    assert entry["context"] == {
        "method": "POST", "route": "/api/v1", "address": "127.0.0.1", "user_agent": "curl/8"
    }  # fmt: skip
    assert canonical(Entry.model_validate_json(dapr.audit.lines[0])) == dapr.audit.lines[0]
    assert b"pya_wrong" not in dapr.audit.lines[0]


async def test_an_unknown_route_is_noted_without_its_path(client, audit):
    await client.post("/secret/path")
    (entry,) = await told(audit)
    assert (entry["outcome"], entry["code"]) == ("failed", "request.unknown-route")
    assert entry["context"]["route"] == "(none)"


@pytest.mark.parametrize(
    ("fault", "outcome", "code"),
    [("denied", "denied", "mesh.denied"), ("dead", "failed", "peer.unavailable")],
)
@pytest.mark.parametrize("path", ["/api/v1/bases", "/v0/appX/T"])
async def test_what_the_mesh_refused_is_noted_with_who_asked(client, audit, peers, fault, outcome, code, path):
    peers[CONNECTOR].fails(fault)
    await client.post(path)
    (entry,) = await told(audit)
    assert (entry["outcome"], entry["code"]) == (outcome, code)
    assert (entry["tenant"], entry["actor"]) == ("local", {"type": "user", "id": "developer"})


@pytest.mark.parametrize("status", [200, 403, 500])
async def test_what_an_app_answered_is_that_apps_to_tell(client, audit, peers, status):
    peers[CONNECTOR].answers(status, json={} if status == 200 else None)
    await client.post("/api/v1/bases")
    await client.get("/api/v1/nothing", headers=NOBODY)
    await client.post("/api/v1/bases", headers=NOBODY)  # the one to wait for
    assert [entry["code"] for entry in await told(audit)] == ["identity.missing-key"]


async def test_a_call_that_may_have_reached_its_app_is_that_apps_to_tell(client, audit, peers):
    peers[CONNECTOR].fails("lost")
    await client.post("/api/v1/bases")
    await client.post("/api/v1/bases", headers=NOBODY)
    assert [entry["code"] for entry in await told(audit)] == ["identity.missing-key"]


async def test_of_many_refusals_of_nobody_ten_are_noted_and_the_rest_counted(app, audit, monkeypatch):
    monkeypatch.setattr("chassis._refusals.MINUTE", 1e9)  # whatever the time is, all of them are in one
    async with AppClient(app, {}).running() as client:
        for _ in range(35):
            await client.post("/api/v1/bases")
        await told(audit, 10)
    async with AppClient(app, {}).running():  # what was counted is written at the end of the minute, or of the process
        entries = await told(audit, 11)
    assert sorted(entry["context"].get("count", 1) for entry in entries) == [1] * 10 + [25]


async def test_what_was_counted_is_in_the_trail_when_its_minute_is_over_and_nothing_more_comes(app, audit, monkeypatch):
    monkeypatch.setattr("chassis._refusals.MINUTE", 1.0)
    async with AppClient(app, {}).running() as client:
        for _ in range(25):
            await client.post("/api/v1/bases")
        async with asyncio.timeout(10):
            while not (counted := [each for each in await audit.entries() if "count" in each["context"]]):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    for entry in counted:
        assert entry["metadata"]["window_seconds"] == 1
        assert entry["metadata"]["first"] <= entry["metadata"]["last"] == entry["occurred_at"]


async def test_what_was_counted_lies_in_a_file_after_its_minute_so_that_no_kill_can_take_it(
    app, audit, postgres, tmp_path, monkeypatch
):
    monkeypatch.setattr("chassis._refusals.MINUTE", 1.0)
    await asyncio.to_thread(postgres.kill)
    async with AppClient(app, {}).running() as client:
        for _ in range(25):
            await client.post("/api/v1/bases")
        async with asyncio.timeout(10):
            while not any(b'"count"' in file.read_bytes() for file in (tmp_path / "audit").iterdir()):  # noqa: ASYNC110  its file tells nobody
                await asyncio.sleep(0.02)
        await asyncio.to_thread(postgres.start)


async def test_without_its_database_the_gateway_serves_and_its_notes_wait_in_a_file(app, dapr, peers, audit, postgres):
    peers[CONNECTOR].answers(json={})
    await asyncio.to_thread(postgres.kill)
    async with AppClient(app, {"authorization": f"Bearer {KEY}"}).running() as client:
        assert (await client.get("/readyz")).status == 200
        assert (await client.post("/api/v1/bases", body=b"{}")).status == 200
        await client.post("/api/v1/bases", headers=NOBODY)
        await asyncio.to_thread(postgres.start)
        (entry,) = await told(audit)
    assert entry["code"] == "identity.missing-key"


async def test_the_file_is_bounded_and_what_has_no_room_is_counted(app, dapr, postgres, monkeypatch):
    monkeypatch.setattr("chassis._trail.LARGEST_FILE", 1_000)
    await asyncio.to_thread(postgres.kill)
    async with AppClient(app, {}).running() as client:
        for _ in range(5):
            await client.post("/api/v1/bases")
    await asyncio.to_thread(postgres.start)
    dropped = app.state.chassis.metrics.registry.get_sample_value("audit_entries_dropped_total")
    assert 0 < dropped < 5
