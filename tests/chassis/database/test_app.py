"""An app with a database: it starts without it, waits for it by name, and needs no restart when it comes back."""

import asyncio

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from chassis import _health
from chassis.testing import AppClient, FakeDapr
from tests.postgres import Postgres

from .notes.app import create
from .notes.settings import Settings


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_health, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(_health, "LONGEST_PAUSE", 0.1)


@pytest.fixture
def app(dapr: FakeDapr, url: str) -> FastAPI:
    return create(Settings(**dapr.settings(), database_statement_timeout=1))


async def readiness(client: AppClient) -> tuple[int, str]:
    answer = await client.get("/readyz")
    return answer.status, " ".join(answer.json().get("waits_for", []))


async def until(client: AppClient, status: int) -> str:
    """What /readyz says when it has this status."""
    async with asyncio.timeout(20):
        while (answer := await readiness(client))[0] != status:  # noqa: ASYNC110  it is asked, as a load balancer does
            await asyncio.sleep(0.02)
    return answer[1]


async def test_a_class_that_names_the_database_brings_it_migrated(client):
    assert (await client.post("/notes")).status == 201
    assert (await client.get("/notes/count")).json() == 1


async def test_an_app_starts_before_its_database_and_names_it_until_it_is_there(app, dapr, url):
    dapr.secrets["database-url/note-service"] = "postgresql://notes:x@127.0.0.1:1/notes?sslmode=disable"
    client = AppClient(app, dapr.headers())
    async with app.router.lifespan_context(app):
        assert (await client.get("/healthz")).status == 200
        async with asyncio.timeout(10):
            while "database" not in (await readiness(client))[1].lower():  # noqa: ASYNC110  as above
                await asyncio.sleep(0.02)
        assert (await readiness(client))[1] == "Database (The database is not running, or not where it is looked for.)"

        app.state.chassis.secrets._known.clear()  # or it would be up to a minute
        dapr.secrets["database-url/note-service"] = url

        await until(client, 200)
        assert (await client.post("/notes")).status == 201


async def test_an_app_whose_database_was_killed_says_so_and_goes_on_when_it_is_back(client, postgres: Postgres):
    assert (await client.post("/notes")).status == 201
    postgres.kill()

    answer = await client.post("/notes")
    assert answer.problem == ("database.unavailable", 503, "note-service")
    assert answer.headers["retry-after"] == "1"
    assert "its database (" in await until(client, 503)

    await asyncio.to_thread(postgres.start)
    await until(client, 200)
    assert (await client.get("/notes/count")).json() == 1


async def test_an_app_is_not_ready_on_a_newer_schema_and_says_to_its_server_that_it_never_will_be(app, dapr, db, who):
    async with db.change(who) as change:
        await change.execute(text("UPDATE alembic_version SET version_num = '0009_later'"))

    async with app.router.lifespan_context(app), asyncio.timeout(10):
        await app.state.chassis.health.refused.wait()
        said = (await readiness(AppClient(app, dapr.headers())))[1]

    assert said.startswith("config.invalid: database of note-service: is at version 0009_later")
