"""A request that calls another app twice, sent again as a whole: each call has its effect once."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest_asyncio

from chassis import AppSettings, Database, Peer, Principal, Router, create_app
from chassis.testing import AppClient, FakeDapr
from tests.postgres import NewDatabase

from .notes.app import NewNote

NOTES = "note-service"
KEY = {"idempotency-key": "k1"}


class PairSettings(AppSettings, app_id="pair-service"):
    """Nothing of its own."""


class NoteService(Peer, app_id=NOTES):
    async def add(self, text: str) -> dict[str, Any]:
        return await self.post("/notes", dict[str, Any], json=NewNote(text=text))


class Pairs:
    def __init__(self, db: Database, notes: NoteService) -> None:
        self.db, self.notes = db, notes


router = Router(prefix="/pairs")


@router.post("", audit="pair.add")
async def pair(texts: list[str], pairs: Pairs, who: Principal) -> list[int]:
    """The first note, then the second; both in one call of ours."""
    return [(await pairs.notes.add(text))["id"] for text in texts]


@pytest_asyncio.fixture
async def pairs(dapr: FakeDapr, client, new_database: NewDatabase) -> AsyncIterator[AppClient]:
    """pair-service before note-service (`client`), each with a database of its own."""
    dapr.secrets["database-url/pair-service"] = await new_database("pair-service")
    dapr.peers[NOTES].serves(client.app, app_token="app-token", caller="pair-service")
    app = create_app(PairSettings(**dapr.settings()), routers=[router], provide=[Pairs, NoteService])
    async with AppClient(app, dapr.headers()).running() as running:
        yield running


async def count(client) -> int:
    return (await client.get("/notes/count")).json()


async def test_two_calls_of_one_request_are_two_effects(pairs, client):
    answer = await pairs.post("/pairs", json=["a", "b"], headers=KEY)
    assert (answer.status, len(set(answer.json()))) == (200, 2)
    assert await count(client) == 2


async def test_the_same_thing_asked_for_twice_in_one_request_is_done_twice(pairs, client):
    answer = await pairs.post("/pairs", json=["a", "a"], headers=KEY)
    assert len(set(answer.json())) == 2
    assert await count(client) == 2


async def test_a_request_that_failed_in_the_middle_and_comes_again_does_the_rest_only(pairs, client, peers):
    real = {"app": client.app, "app_token": "app-token", "caller": "pair-service"}
    peers[NOTES].answers(503, times=1).serves(**real, times=1)  # what was said last counts first
    assert (await pairs.post("/pairs", json=["a", "b"], headers=KEY)).status == 503
    assert await count(client) == 1
    again = await pairs.post("/pairs", json=["a", "b"], headers=KEY)
    assert (again.status, await count(client)) == (200, 2)
    assert (await pairs.post("/pairs", json=["a", "b"], headers=KEY)).body == again.body
    assert await count(client) == 2


async def test_a_request_whose_own_answer_was_lost_comes_again_with_the_effects_it_had(pairs, client, dapr):
    """As after the death of its app between the second call and its own commit."""
    first = await pairs.post("/pairs", json=["a", "b"], headers=KEY)
    connection = await asyncpg.connect(dapr.secrets["database-url/pair-service"])
    await connection.execute("DELETE FROM idempotency")
    await connection.close()
    again = await pairs.post("/pairs", json=["a", "b"], headers=KEY)
    assert (again.status, again.body) == (200, first.body)
    assert "idempotency-replayed" not in again.headers
    assert await count(client) == 2
