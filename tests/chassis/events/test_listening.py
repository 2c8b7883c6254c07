"""What listens gets everything that comes, valid or not, until it took it."""

import orjson
import pytest
import pytest_asyncio

from chassis import AppSettings, Arrival, create_app, listen, subscribe
from chassis.testing import AppClient

from .notes.contracts import NoteAdded
from .test_envelope import VALID

TOPIC = "note-service.note-added"
FAILED = "note-service.event-failed"


class Settings(AppSettings, app_id="reader-service"):
    """Nothing of its own."""


class Heard:
    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.refusals = 0


@listen([TOPIC, FAILED, "dead-letters.note-service"])
async def hear(arrival: Arrival, heard: Heard) -> None:
    if heard.refusals:
        heard.refusals -= 1
        raise LookupError
    heard.arrivals.append(arrival)


@pytest_asyncio.fixture
async def heard(dapr, new_database):
    dapr.secrets["database-url/reader-service"] = await new_database("reader-service")
    app = create_app(Settings(**dapr.settings()), provide=[Heard], subscriptions=[hear])
    async with AppClient(app, dapr.headers()).running():
        await dapr.bus.connect(app)
        yield app.state.chassis.container[Heard]


@pytest.mark.parametrize("body", [orjson.dumps(VALID), b"no JSON", b""])
async def test_it_gets_what_came_as_it_came(heard, dapr, body):
    await dapr.bus.deliver(TOPIC, body)
    assert heard.arrivals == [Arrival(TOPIC, body)]


async def test_what_it_does_not_take_comes_again(heard, dapr):
    heard.refusals = 2
    await dapr.bus.deliver(TOPIC, b"no JSON")
    assert heard.arrivals == [Arrival(TOPIC, b"no JSON")]


def test_a_topic_has_handlers_or_a_listener(dapr):
    @subscribe(NoteAdded)
    async def read(event: NoteAdded) -> None: ...

    with pytest.raises(TypeError, match="a topic has handlers or a listener"):
        create_app(Settings(**dapr.settings()), provide=[Heard], subscriptions=[hear, read])


def test_what_it_needs_must_be_provided(dapr):
    with pytest.raises(TypeError, match="hear needs heard"):
        create_app(Settings(**dapr.settings()), subscriptions=[hear])
