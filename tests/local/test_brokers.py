"""The bus is what one file says. Real servers of the other kinds run in `make test-bus`."""

import re
import shutil
import stat
from pathlib import Path

import pytest

from local import brokers, dapr_binaries, kafka_programs, nats_server, topics
from local.brokers import Bus
from local.bus import bus, files, jetstream, kafka
from local.configuration import text
from local.credentials import Credentials
from local.errors import SetupError

FOUND = topics.Topics(
    published={"one-service": {"one-service.thing-done"}, "two-service": {"dead-letters.two-service"}},
    subscribed={"one-service": set(), "two-service": {"one-service.thing-done", "dead-letters.one-service"}},
)
MAKERS = {"pubsub.redis": bus, "pubsub.jetstream": jetstream, "pubsub.kafka": kafka}


@pytest.fixture
def plant(tmp_path):
    def write(content: str) -> Path:
        (tmp_path / "components").mkdir(exist_ok=True)
        (tmp_path / "components" / "bus.yaml").write_text(content)
        return tmp_path

    return write


@pytest.mark.parametrize("kind", MAKERS)
def test_the_file_tells_the_kind_and_every_topic_that_is_published_or_heard(plant, kind):
    found = Bus.read(plant(text(MAKERS[kind](FOUND))))
    assert found.kind == kind
    assert found.topics == {"one-service.thing-done", "dead-letters.one-service", "dead-letters.two-service"}


@pytest.mark.parametrize("kind", MAKERS)
def test_a_chosen_bus_stays_and_is_kept_current(plant, kind):
    folder = plant(text(MAKERS[kind](topics.Topics()))) / "components"
    wanted = files(folder.parent, FOUND)
    assert wanted.pop(folder / "bus.yaml") == MAKERS[kind](FOUND)
    assert {path.name: component["spec"]["type"] for path, component in wanted.items()} == {
        f"bus-{one.partition('.')[2]}.yaml": one for one in MAKERS
    }


def test_a_bus_of_its_owners_own_is_left_alone_and_a_broken_file_becomes_redis(plant):
    assert "bus.yaml" not in {path.name for path in files(plant("spec: {type: pubsub.rabbitmq}"), FOUND)}
    root = plant("[")
    assert files(root, FOUND)[root / "components" / "bus.yaml"] == bus(FOUND)


@pytest.mark.parametrize("content", ["", "spec: {}", "spec: {type: pubsub.redis}", "[", "spec: {type: x, metadata: 3}"])
def test_a_file_that_is_no_component_is_said(plant, content):
    with pytest.raises(SetupError, match=r"bus\.yaml is no Dapr component: .* make configure"):
        Bus.read(plant(content))


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("pubsub.redis", []),
        ("pubsub.jetstream", ["pubsub_jetstream", "pubsub_kafka"]),
        ("pubsub.kafka", ["pubsub_jetstream", "pubsub_kafka"]),
        ("pubsub.rabbitmq", ["pubsub_rabbitmq"]),
    ],
)
def test_daprd_is_built_with_what_the_bus_needs_and_slim_where_it_is_redis(kind, more):
    assert Bus(kind, frozenset()).dapr_components == [*dapr_binaries.SLIM, *more]


@pytest.mark.parametrize(
    ("kind", "environment"),
    [
        ("pubsub.redis", {}),
        ("pubsub.jetstream", {"NATS_URL": "nats://there"}),
        ("pubsub.kafka", {"KAFKA_BROKERS": "there:9092"}),
    ],
)
def test_no_server_is_started_where_the_data_tier_has_it_or_one_is_named(tmp_path, kind, environment):
    credentials = Credentials.load_or_create(tmp_path / "run")
    assert Bus(kind, frozenset()).own_server(tmp_path / "run", 0, credentials, environment) == []


async def test_a_kafka_that_runs_elsewhere_is_what_the_sidecars_are_told(tmp_path):
    credentials = Credentials.load_or_create(tmp_path / "run")
    there = {"KAFKA_BROKERS": "one:9092,two:9092", "KAFKA_PASSWORD": "theirs"}
    await Bus("pubsub.kafka", frozenset()).prepare(tmp_path / "run", 0, credentials, there)
    assert (credentials.value("kafka-brokers"), credentials.value("kafka-password")) == tuple(there.values())
    assert "theirs" in credentials.secret_values()
    assert "one:9092,two:9092" not in credentials.secret_values(), "it may stand in a log"
    assert not (tmp_path / "run" / "kafka").exists()


async def test_a_nats_that_does_not_answer_is_said_without_its_password(tmp_path):
    credentials = Credentials.load_or_create(tmp_path / "run")
    there = {"NATS_URL": "nats://platform:hidden@127.0.0.1:1"}
    with pytest.raises(SetupError, match="NATS") as caught:
        await Bus("pubsub.jetstream", frozenset({"a.b"})).prepare(tmp_path / "run", 0, credentials, there)
    assert "hidden" not in str(caught.value)


def test_the_password_of_nats_lies_in_a_private_file_until_its_data_are_removed(tmp_path):
    nats_server.prepare(tmp_path, 4222, "hidden")
    settings = tmp_path / "nats" / "nats.conf"
    assert "hidden" in settings.read_text()
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
    brokers.remove(tmp_path)
    assert not settings.parent.exists()


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (None, "there is no Java"),
        ("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n", "openjdk version"),
        ("#!/bin/sh\nexit 1\n", "of no known version"),
    ],
)
def test_a_java_that_kafka_cannot_run_on_is_said_with_the_way_out(tmp_path, monkeypatch, program, said):
    folder = tmp_path / "bin"
    folder.mkdir()
    if program:
        (folder / "java").write_text(program)
        (folder / "java").chmod(0o700)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", f"{folder}:{Path(shutil.which('sh') or '/bin/sh').parent}" if program else str(folder))
    with pytest.raises(SetupError, match=rf"{re.escape(said)}.*Java 17 or newer.*KAFKA_BROKERS"):
        kafka_programs.java()


def test_without_maven_it_is_said_where_kafka_comes_from_and_nothing_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match=r"(?s)obtaining Kafka.*mvn.*KAFKA_BROKERS"):
        kafka_programs.obtain(say=lambda line: None)
    assert list((tmp_path / "pyairtable-platform" / "kafka").iterdir()) == []
