"""Coming up behind an open port, being ready, going down in order."""

import asyncio
import sys
from pathlib import Path

import pytest

from chassis import AppError, AppSettings, Secrets, SecretsUnavailable, State, _health, create_app
from chassis._breaker import OPENS_AFTER, Breaker
from chassis.testing import AppClient


class Settings(AppSettings, app_id="note-service"):
    pass


class Down(AppError):
    code, status, title, fault = "test.down", 503, "Down", "platform"


class Ledger(list[str]):
    pass


LEDGER: list[str] = []


class Store:
    problem: str | None = None
    failures = 0

    async def start(self) -> None:
        if Store.failures:
            Store.failures -= 1
            raise Down("the database is away")
        LEDGER.append("store started")

    async def ready(self) -> str | None:
        return self.problem

    async def stop(self) -> None:
        LEDGER.append("store stopped")
        raise RuntimeError("a stop that fails keeps nobody up")


class Notes:
    def __init__(self, store: Store) -> None: ...

    async def start(self) -> None:
        LEDGER.append("notes started")

    async def stop(self) -> None:
        LEDGER.append("notes stopped")
        await asyncio.Event().wait()


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    LEDGER.clear()
    Store.failures = 0
    monkeypatch.setattr(_health, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(_health, "STOP", 0.05)


def made(dapr, **options):
    return create_app(Settings(**dapr.settings()), provide=[Notes, Store], **options)


async def test_what_others_stand_on_starts_first_and_stops_last(dapr):
    async with AppClient(made(dapr)).running():
        assert LEDGER == ["store started", "notes started"]
    assert LEDGER[2:] == ["notes stopped", "store stopped"]


async def test_a_start_that_fails_is_tried_again_and_said_meanwhile(dapr):
    Store.failures = 3
    app = made(dapr)
    async with app.router.lifespan_context(app):
        health = app.state.chassis.health
        said = set()
        async with asyncio.timeout(5):
            while not health.started.is_set():
                said.update(health.waits())
                await asyncio.sleep(0)
        assert "Store (the database is away)" in said
        assert health.waits() == []


async def test_readiness_names_each_thing_that_is_missing(dapr):
    problem = None

    async def disk() -> str | None:
        return problem

    app = made(dapr, ready=[disk])
    async with AppClient(app).running() as client:
        assert (await client.get("/readyz")).status == 200
        problem = "room on the disk"
        app.state.chassis.container[Store].problem = "its database"
        dapr.healthy = False
        answer = await client.get("/readyz")
        assert (answer.status, answer.json()["waits_for"]) == (
            503, ["its sidecar", "room on the disk", "its database"],
        )  # fmt: skip
        assert (await client.get("/healthz")).status == 200


async def test_readiness_tells_the_size_of_the_app_and_which_callees_it_leaves_alone(dapr):
    app = made(dapr)
    breaker = app.state.chassis.mesh._breakers.setdefault("b-service", Breaker())
    app.state.chassis.mesh._breakers["c-service"] = Breaker()
    async with AppClient(app).running() as client:
        for _ in range(OPENS_AFTER):
            breaker.failed()
        told = (await client.get("/readyz")).json()
    assert told["breakers"] == {"b-service": "open"}
    folder = Path(sys.modules[type(app.state.chassis.settings).__module__].__file__).parent
    assert told["lines"] == sum(len(path.read_text().splitlines()) for path in folder.rglob("*.py"))


async def test_a_check_that_never_answers_is_named(dapr, monkeypatch):
    monkeypatch.setattr(_health, "PROBE", 0.1)

    async def stuck() -> str | None:
        await asyncio.Event().wait()
        return None

    async with AppClient(made(dapr, ready=[stuck])).running() as client:
        (missing,) = (await client.get("/readyz")).json()["waits_for"]
    assert "stuck" in missing


async def test_a_secret_is_asked_for_once_and_the_last_one_known_is_good_enough_while_the_store_is_away(dapr):
    app = made(dapr)
    secrets: Secrets = app.state.chassis.secrets
    dapr.secrets["airtable/local/default"] = "first"
    assert await secrets.get("airtable/local/default") == "first"
    dapr.secrets["airtable/local/default"] = "second"
    assert await secrets.get("airtable/local/default") == "first"
    assert await secrets.get("airtable/local/default", fresh=True) == "second"
    dapr.secrets_available = False
    assert await secrets.get("airtable/local/default", fresh=True) == "second"
    with pytest.raises(SecretsUnavailable) as refused:
        await secrets.get("another")
    assert refused.value.code == "secrets.unavailable"
    await app.state.chassis.mesh.aclose()


async def test_a_sidecar_that_comes_back_is_found_again(dapr):
    app = made(dapr)
    async with AppClient(app).running() as client:
        state: State = app.state.chassis.state
        await dapr.stop()
        assert (await client.get("/readyz")).json()["waits_for"] == ["its sidecar"]
        with pytest.raises(AppError) as refused:
            await state.get("key")
        assert (refused.value.code, refused.value.service) == ("sidecar.unavailable", "note-service")
        await dapr.start()
        assert await state.get("key") is None
        assert (await client.get("/readyz")).status == 200
