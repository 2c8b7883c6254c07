"""The log as a stream: from a position on, each event once, and where to go on while nothing happens."""

import asyncio
from contextlib import aclosing

import orjson
import pytest

from apps.event_processor.service import Follower
from chassis import Principal
from contracts.event_processor import Chosen
from tests.event_processor.arriving import CREATED, UPDATED

EVENTS = "/api/v1/events"
STREAM = {"accept": "text/event-stream"}
ME = Principal("developer", "local")


@pytest.fixture
def follower(client, app):
    return app.state.chassis.container[Follower]


def read(lines):
    """(id, event's id or None) of each."""
    told = []
    for block in lines.decode().removesuffix("\n\n").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        told.append((int(fields["id"]), orjson.loads(fields["data"])["id"] if "data" in fields else None))
    return told


async def test_it_goes_on_with_each_event_as_it_comes(follower, arriving):
    first = await arriving.comes()
    async with aclosing(await follower.follow(Chosen(), 0, ME)) as stream:
        assert read(await anext(stream)) == [(1, first)]
        waiting = asyncio.create_task(anext(stream))
        await asyncio.sleep(0)
        second = await arriving.comes()
        assert read(await waiting) == [(2, second)]


async def test_only_what_is_chosen_and_ones_own_is_told(follower, arriving):
    await arriving.comes(UPDATED)
    await arriving.comes(CREATED, tenantid="acme")
    created = await arriving.comes(CREATED)
    async with aclosing(await follower.follow(Chosen(type=[CREATED]), 0, ME)) as stream:
        assert read(await anext(stream)) == [(3, created)]


async def test_who_waits_is_told_how_far_the_log_was_read(follower, arriving, monkeypatch):
    monkeypatch.setattr("apps.event_processor.service.following.SILENCE", 0.0)
    await arriving.comes()
    async with aclosing(await follower.follow(Chosen(type=[CREATED]), 0, ME)) as stream:
        assert read(await anext(stream)) == [(1, None)]


@pytest.mark.parametrize("how", [{"headers": {**STREAM, "last-event-id": "1"}}, {"params": {"cursor": 1}}])
async def test_a_client_goes_on_beyond_what_it_had(client, arriving, monkeypatch, how):
    monkeypatch.setattr("apps.event_processor.service.following.LASTS", 0.2)
    for _ in range(2):
        await arriving.comes()
    answer = await client.get(EVENTS, **{"headers": STREAM, **how})
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert [position for position, _ in read(answer.body)] == [2]


async def test_there_are_only_so_many_streams_and_one_that_ends_makes_room(client, follower, monkeypatch):
    monkeypatch.setattr("apps.event_processor.service.following.STREAMS", 1)
    monkeypatch.setattr("apps.event_processor.service.following.SILENCE", 0.0)
    async with aclosing(await follower.follow(Chosen(), 0, ME)) as stream:
        await anext(stream)
        answer = await client.get(EVENTS, headers=STREAM)
        assert answer.problem == ("events.too-many-readers", 503, "event-processor")
        assert answer.headers["retry-after"] == "5"
    async with aclosing(await follower.follow(Chosen(), 0, ME)) as stream:
        assert await anext(stream)
