"""Unmodified pyairtable, talking HTTP to the connector's /v0."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pyairtable
import pytest
import pytest_asyncio
import requests
import uvicorn
from fastapi import FastAPI
from pyairtable.formulas import match
from starlette.types import Receive, Scope, Send

from chassis.testing import FakeDapr
from sandbox.airtable.embedded import Running
from tests.airtable_connector.place import Place


class ThroughTheMesh:
    """Adds what gateway and sidecars add to a stock client's request, and takes away its key."""

    def __init__(self, app: FastAPI, headers: dict[str, str]) -> None:
        self._app = app
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            sent = [pair for pair in scope["headers"] if pair[0] != b"authorization"]
            scope = {**scope, "headers": [*sent, *self._headers]}
        await self._app(scope, receive, send)


@pytest_asyncio.fixture
async def endpoint(app: FastAPI, dapr: FakeDapr) -> AsyncIterator[str]:
    """Where a client finds the connector."""
    served = ThroughTheMesh(app, dapr.headers())
    server = uvicorn.Server(uvicorn.Config(served, port=0, log_level="error", lifespan="off", ws="none"))
    async with app.router.lifespan_context(app):
        running = asyncio.create_task(server.serve())
        await app.state.chassis.health.started.wait()
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        server.should_exit = True
        await running


@pytest.fixture
def api(endpoint: str) -> pyairtable.Api:
    return pyairtable.Api("pya_key", endpoint_url=endpoint)


async def test_pyairtable_finds_its_way_from_whoami_to_the_schema(api: pyairtable.Api, place: Place) -> None:
    def journey() -> tuple[Any, ...]:
        base = next(base for base in api.bases() if base.id == place.base.id)
        return api.whoami()["id"], base.name, base.schema().table("Companies").id

    who, name, table = await asyncio.to_thread(journey)
    assert (who[:3], name, table) == ("usr", "CRM", place.table.id)


async def test_pyairtable_reads_writes_upserts_and_deletes(api: pyairtable.Api, place: Place) -> None:
    def journey() -> None:
        table = api.table(place.base.id, "Companies")
        assert len(table.all(page_size=50)) == len(place.table.records)
        assert len(table.all(fields=["Name"], sort=["-Name"], max_records=3)) == 3
        assert {r["fields"]["City"] for r in table.all(formula=match({"City": "Graz"}))} == {"Graz"}
        made = table.batch_create([{"Name": f"Stock {n}"} for n in range(12)])
        assert len(made) == 12
        upserted = table.batch_upsert([{"fields": {"Name": "Stock 1", "City": "Lyon"}}], key_fields=["Name"])
        assert upserted["updatedRecords"] == [made[1]["id"]]
        assert table.get(made[1]["id"])["fields"]["City"] == "Lyon"
        assert table.update(made[0]["id"], {"City": "Porto"}, typecast=True)["fields"]["City"] == "Porto"
        assert "City" not in table.update(made[0]["id"], {"Name": "S"}, replace=True)["fields"]
        assert all(gone["deleted"] for gone in table.batch_delete([one["id"] for one in made]))

    await asyncio.to_thread(journey)


async def test_pyairtable_reaches_a_table_whose_name_holds_a_slash(
    api: pyairtable.Api, place: Place, sandbox: Running
) -> None:
    place.table.name = "T 1/2"
    records = await asyncio.to_thread(lambda: api.table(place.base.id, "T 1/2").all(max_records=2))
    assert len(records) == 2


async def test_pyairtables_own_switch_to_post_for_long_formulas_works(api: pyairtable.Api, place: Place) -> None:
    formula = "OR(" + ",".join(f"{{Name}}='{'x' * 40}{n}'" for n in range(400)) + ")"
    assert await asyncio.to_thread(lambda: api.table(place.base.id, "Companies").all(formula=formula)) == []
    assert place.asked() == [f"POST /v0/{place.base.id}/Companies/listRecords"]


async def test_pyairtable_shows_its_user_airtables_error(api: pyairtable.Api, place: Place) -> None:
    def journey() -> str:
        with pytest.raises(requests.HTTPError) as refused:
            api.table(place.base.id, "Companies").create({"Nope": 1})
        return str(refused.value)

    assert "UNKNOWN_FIELD_NAME" in await asyncio.to_thread(journey)
