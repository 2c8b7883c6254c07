"""A write whose answer never came, or whose process died: looked for, told once, or called unknown; not sent again."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import orjson
import pytest
from aiohttp import web

from apps.airtable_connector.app import create
from apps.airtable_connector.domain.resolving import pause
from apps.airtable_connector.service import Resolver
from apps.airtable_connector.settings import Settings
from chassis import service
from chassis.testing import AppClient, Audited, FakeDapr
from tests.airtable_connector.conftest import TOKEN
from tests.airtable_connector.journal import Told, told
from tests.airtable_connector.place import Place
from tests.airtable_connector.test_journal import last, make

__all__ = ["told"]
PROJECT = Path(__file__).parents[2]


@pytest.fixture
def extra() -> dict[str, Any]:
    return {"before_images": "always"}


async def look(client: AppClient) -> int:
    resolver: Resolver = client.app.state.chassis.container[Resolver]
    return await resolver.resolve_all(service("airtable-connector"))


def lose(place: Place, method: str, kind: str = "drop-after", count: int = 1) -> None:
    """The next answer to such a request is lost, after (or before) Airtable did it."""
    place.sandbox.faults.clear()
    place.sandbox.faults.add({"kind": kind, "method": method, "count": count})


@pytest.mark.parametrize("many", [1, 3])
async def test_a_create_whose_answer_was_lost_is_found_and_told_once(
    client: AppClient, place: Place, told: Told, many: int
) -> None:
    lose(place, "POST")
    wanted = [{"fields": {"Name": f"Lost {n}", "Employees": n}} for n in range(many)]
    answer = await client.post(place.records, json={"records": wanted})
    assert answer.problem[0] == "airtable.write-unknown"
    operation = await last(client)
    assert operation["id"] == answer.headers["x-platform-operation"]
    assert operation["state"] == "intended"
    assert await told() == []
    assert await look(client) == 1
    operation = await last(client)
    assert operation["state"] == "done"
    for n, row in enumerate(operation["details"]):
        assert place.table.records[row["record"]].id == row["record"]
        assert row["after"]["Name"] == f"Lost {n}"
    events = await told()
    assert [event["type"] for event in events] == ["airtable-connector.record-created.v1"] * many
    assert {event["traceparent"].split("-")[1] for event in events} == {answer.headers["x-trace-id"]}
    assert await look(client) == 0


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE", "POST"])
async def test_a_write_that_airtable_never_did_is_failed_and_told_to_nobody(
    client: AppClient, place: Place, told: Told, method: str
) -> None:
    record = await make(client, place, City="Graz")
    await told()
    lose(place, method, "drop-before")
    body = {"fields": {"Name": "New", "City": "Lyon"}} if method in ("PATCH", "PUT") else None
    if method == "POST":
        answer = await client.post(place.v0, json={"fields": {"Name": "Never"}})
    else:
        answer = await client.request(method, f"{place.v0}/{record}", json=body)
    assert answer.headers["x-platform-code"] == "airtable.write-unknown"
    assert await look(client) == 1
    assert (await last(client))["state"] == "failed"
    assert await told() == []


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE"])
async def test_a_change_whose_answer_was_lost_is_found_and_told_once(
    client: AppClient, place: Place, told: Told, method: str
) -> None:
    record = await make(client, place, City="Graz", Employees=3)
    await told()
    lose(place, method)
    body = {"fields": {"Name": "New", "City": "Lyon"}} if method != "DELETE" else None
    await client.request(method, f"{place.v0}/{record}", json=body)
    assert await look(client) == 1
    assert (await last(client))["state"] == "done"
    assert len(await told()) == 1


async def test_a_lost_answer_is_one_entry_of_the_trail_once_it_is_known(
    client: AppClient, place: Place, audit: Audited, dapr: FakeDapr, database: str
) -> None:
    async def settle() -> None:
        connection = await asyncpg.connect(database)
        await connection.execute("UPDATE audit_outbox SET held_until = now()")
        await connection.close()
        assert (await client.post("/job/settle-audit-entries", headers=dapr.headers())).status == 200

    lose(place, "POST")
    await client.post(place.v0, json={"fields": {"Name": "Lost"}})
    await settle()
    assert await audit.entries() == []
    await look(client)
    await settle()
    assert await audit.only() == ("record.create", "succeeded")


def test_what_cannot_be_looked_for_is_tried_again_soon_and_then_less_and_less_often() -> None:
    assert [pause(tries) for tries in (1, 2, 3, 4, 5, 6, 5_000)] == [5, 10, 20, 40, 60, 60, 60]


async def test_while_airtable_is_away_a_lost_answer_waits_for_seconds_and_is_then_found(
    client: AppClient, place: Place, database: str
) -> None:
    lose(place, "POST")
    await client.post(place.v0, json={"fields": {"Name": "Lost"}})
    place.sandbox.faults.add({"kind": "status", "method": "GET", "path": ".*", "status": 503})
    assert await look(client) == 1
    connection = await asyncpg.connect(database)
    soon = await connection.fetchval("SELECT resolve_after < now() + interval '5.1 s' FROM operations")
    await connection.execute("UPDATE operations SET resolve_after = now()")
    await connection.close()
    assert soon
    assert (await last(client))["state"] == "intended"
    place.sandbox.faults.clear()
    assert await look(client) == 1
    assert (await last(client))["state"] == "done"


async def test_an_upsert_whose_answer_was_lost_is_found(client: AppClient, place: Place, told: Told) -> None:
    record = await make(client, place, Name="There", City="Graz")
    await told()
    lose(place, "PATCH")
    wanted = [{"fields": {"Name": "There", "City": "Lyon"}}, {"fields": {"Name": "Not there"}}]
    await client.post(f"{place.records}/upsert", json={"merge_on": ["Name"], "records": wanted})
    assert await look(client) == 1
    updated, created = (await last(client))["details"]
    assert (updated["kind"], updated["record"]) == ("update", record)
    assert created["kind"] == "create"
    assert created["record"] in place.table.records
    assert len(await told()) == 2


async def test_a_create_that_could_be_somebody_elses_record_is_unknown_and_says_so(
    client: AppClient, place: Place, told: Told
) -> None:
    lose(place, "POST", count=1)
    await client.post(place.v0, json={"fields": {"Name": "Twice"}})
    async with aiohttp.ClientSession() as outside:
        headers = {"authorization": f"Bearer {TOKEN}"}
        url = f"{client.app.state.chassis.settings.airtable_root}{place.v0}"
        async with outside.post(url, json={"fields": {"Name": "Twice"}}, headers=headers) as made:
            assert made.status == 200
    assert await look(client) == 1
    operation = await last(client)
    assert (operation["state"], operation["error"]) == ("unknown", "airtable.write-unknown")
    assert await told() == []
    assert await look(client) == 0


@pytest.mark.parametrize(("cells", "calls"), [({"Name": "Lost"}, 1), ({"Employees": 7}, 2)])
async def test_a_lost_create_is_found_among_many_by_its_text_with_one_call(
    client: AppClient, place: Place, cells: dict[str, Any], calls: int
) -> None:
    others = [{"fields": {"Name": f"Other {n}"}} for n in range(110)]
    assert (await client.post(place.records, json={"records": others})).status == 201
    lose(place, "POST")
    await client.post(place.v0, json={"fields": cells})
    place.sandbox.log.clear()
    assert await look(client) == 1
    assert (await last(client))["state"] == "done"
    assert place.asked().count(f"GET {place.v0}") == calls


async def test_two_equal_lost_creates_are_told_apart_by_their_number(
    client: AppClient, place: Place, told: Told
) -> None:
    lose(place, "POST", count=2)
    for _ in range(2):
        await client.post(place.v0, json={"fields": {"Name": "Same"}})
    assert await look(client) == 2
    page = (await client.get("/api/v1/operations?state=done")).json()["items"]
    assert len(page) == 2
    assert len({event["data"]["record"] for event in await told()}) == 2


async def test_an_update_that_somebody_wrote_over_is_unknown(client: AppClient, place: Place, told: Told) -> None:
    record = await make(client, place, City="Graz")
    lose(place, "PATCH")
    await client.patch(f"{place.records}/{record}", json={"fields": {"City": "Lyon"}})
    async with aiohttp.ClientSession() as outside:
        url = f"{client.app.state.chassis.settings.airtable_root}{place.v0}/{record}"
        headers = {"authorization": f"Bearer {TOKEN}"}
        async with outside.patch(url, json={"fields": {"City": "Porto"}}, headers=headers) as done:
            assert done.status == 200
    assert await look(client) == 1
    assert (await last(client))["state"] == "unknown"


async def test_what_another_process_is_still_doing_is_left_alone(client: AppClient, place: Place) -> None:
    place.sandbox.faults.clear()
    place.sandbox.faults.add({"kind": "delay", "method": "POST", "seconds": 1, "count": 1})
    writing = asyncio.ensure_future(client.post(place.v0, json={"fields": {"Name": "Slow"}}))
    async with asyncio.timeout(20):
        while not (await client.get("/api/v1/operations")).json()["items"]:  # noqa: ASYNC110  another task's row
            await asyncio.sleep(0.05)
    assert await look(client) == 0
    assert (await writing).status == 200
    assert (await last(client))["state"] == "done"


async def test_the_scheduler_brings_the_job_that_looks(client: AppClient, place: Place, dapr: FakeDapr) -> None:
    lose(place, "POST")
    await client.post(place.v0, json={"fields": {"Name": "By the job"}})
    assert (await client.post("/job/find-lost-answers", headers=dapr.headers())).status == 200
    assert (await last(client))["state"] == "done"


@asynccontextmanager
async def holding(url: str) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """An Airtable that does every write and keeps the answer to itself; the event tells that it has done one."""
    done, over = asyncio.Event(), asyncio.Event()

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        headers = {k: v for k, v in request.headers.items() if k.lower() in ("authorization", "content-type")}
        body = await request.read()
        async with (
            aiohttp.ClientSession() as session,
            session.request(request.method, url + request.raw_path, data=body, headers=headers) as answer,
        ):
            told = await answer.read()
            if request.method != "GET":
                done.set()
                await over.wait()
            return web.Response(status=answer.status, body=told, content_type="application/json")

    runner = web.ServerRunner(web.Server(handle, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", done
    finally:
        over.set()
        await runner.cleanup()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


async def started(beside: AppClient, port: int) -> None:
    """A connector at `port` starts, and ends."""
    settings: Settings = beside.app.state.chassis.settings
    async with AppClient(create(settings.model_copy(update={"app_port": port}))).running():
        pass


@pytest.mark.parametrize("kind", ["create", "update", "delete"])
async def test_a_connector_killed_between_airtables_commit_and_its_own_row_loses_and_doubles_nothing(
    client: AppClient,
    place: Place,
    told: Told,
    audit: Audited,
    dapr: FakeDapr,
    database: str,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`client` is the replica that lives on."""
    monkeypatch.setattr("apps.airtable_connector.service.journal.ON_ITS_WAY", 0.0)
    record = await make(client, place, City="Graz")
    await told()
    port, settings = free_port(), dapr.settings()
    async with holding(client.app.state.chassis.settings.airtable_root) as (url, done):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "chassis", "airtable-connector"),
            cwd=PROJECT,
            env={
                "PATH": os.environ["PATH"],
                "APP_PORT": str(port),
                "TELEMETRY_PORT": str(free_port()),
                "DAPR_HTTP_PORT": str(settings["dapr_http_port"]),
                "DAPR_API_TOKEN": settings["dapr_api_token"],
                "APP_API_TOKEN": settings["app_api_token"],
                "AIRTABLE_CONNECTOR_AIRTABLE_URL": url,
                "AIRTABLE_CONNECTOR_ALLOW_WRITES": "true",
            },
            stdout=asyncio.subprocess.DEVNULL,
        )
        try:
            async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session, asyncio.timeout(60):
                while not await ready(session):  # noqa: ASYNC110  another process has no Event
                    await asyncio.sleep(0.1)
                method, path, body = {
                    "create": ("POST", place.v0, {"fields": {"Name": "Orphan"}}),
                    "update": ("PATCH", f"{place.v0}/{record}", {"fields": {"City": "Lyon"}}),
                    "delete": ("DELETE", f"{place.v0}/{record}", None),
                }[kind]
                headers = {**dapr.headers(), "x-timeout-ms": "60000", "idempotency-key": "once"}
                sent = orjson.dumps(body) if body else b""
                headers |= {"content-type": "application/json"} if body else {}
                asking = asyncio.ensure_future(session.request(method, path, data=sent, headers=headers))
                await done.wait()
                os.kill(process.pid, signal.SIGKILL)
                with pytest.raises(aiohttp.ClientError):
                    await asking
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
    assert (await last(client))["state"] == "intended"
    assert await told() == []
    await started(client, free_port())
    assert await look(client) == 0, "its process might still be at it"
    connection = await asyncpg.connect(database)
    await connection.execute("UPDATE audit_outbox SET held_until = now()")
    await connection.close()
    again = await client.request(method, path, json=body, headers={"idempotency-key": "once"})
    assert again.headers["x-platform-code"] == "request.under-way"
    await started(client, port)
    assert await look(client) == 1, "who is started again in its place knows that it is dead"
    operation = await last(client)
    assert operation["state"] == "done"
    (event,) = await told()
    assert event["type"] == f"airtable-connector.record-{kind}d.v1"
    assert event["data"]["record"] == operation["details"][0]["record"]
    assert (await client.post("/job/settle-audit-entries", headers=dapr.headers())).status == 200
    told_of = [one for one in await audit.entries() if one.get("metadata", {}).get("operation") == operation["id"]]
    assert [(one["action"], one["outcome"]) for one in told_of] == [(f"record.{kind}", "succeeded")]
    again = await client.request(method, path, json=body, headers={"idempotency-key": "once"})
    assert (again.status, again.headers["idempotency-replayed"]) == (200, "true")
    assert again.headers["x-platform-operation"] == operation["id"]
    (row,) = operation["details"]
    if kind == "delete":
        assert again.json() == {"deleted": True, "id": record}
    else:
        created = place.table.records[row["record"]].created_time
        assert again.json() == {"id": row["record"], "createdTime": created, "fields": row["after"]}


async def ready(session: aiohttp.ClientSession) -> bool:
    try:
        async with session.get("/readyz") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False
