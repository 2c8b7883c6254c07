"""The bus as a Dapr component, and who may publish and hear what on it."""

from pathlib import Path
from typing import Any

import yaml

from . import topics


def bus(found: topics.Topics) -> dict[str, Any]:
    """Redis Streams. It acknowledges even what a handler refused: repeating is the resiliency's, losing nobody's."""
    return _component(
        found,
        "pubsub.redis",
        [
            _secret("redisHost", "redis-host"),
            _secret("redisPassword", "redis-password"),
            {"name": "concurrency", "value": "4"},  # handlers of one app at work at once
            {"name": "queueDepth", "value": "8"},  # what waits behind a slow handler would be given out twice
            {"name": "processingTimeout", "value": "30s"},  # then an event is thought lost with its consumer
            {"name": "redeliverInterval", "value": "5s"},
            {"name": "poolSize", "value": "256"},  # each topic holds a connection; 10 a core would starve who has many
            {"name": "maxLenApprox", "value": "100000"},  # events kept of a topic, read or not
        ],
    )


def jetstream(found: topics.Topics) -> dict[str, Any]:
    """NATS JetStream, with one stream for each topic: a stream drops a second message of an id, as a dead letter is."""
    return _component(
        found,
        "pubsub.jetstream",
        [
            _secret("natsURL", "nats-url"),
            {"name": "durableName", "value": "{appID}"},  # what an app has read outlives its sidecar
            {"name": "queueGroupName", "value": "{appID}"},  # replicas share the events
            {"name": "concurrency", "value": "parallel"},
            {"name": "maxAckPending", "value": "8"},  # events of one topic that one app has in hand
            {"name": "ackWait", "value": "30s"},  # then an event is thought lost with its consumer
        ],
    )


def kafka(found: topics.Topics) -> dict[str, Any]:
    """Apache Kafka. The events of one partition wait for each other, so a topic wants many of them."""
    return _component(
        found,
        "pubsub.kafka",
        [
            _secret("brokers", "kafka-brokers"),
            {"name": "authType", "value": "password"},
            {"name": "saslUsername", "value": "platform"},
            _secret("saslPassword", "kafka-password"),
            {"name": "saslMechanism", "value": "PLAINTEXT"},
            {"name": "disableTls", "value": "true"},  # the broker is on this machine
            {"name": "version", "value": "3.6.0"},  # of the protocol: 4.x brokers understand no client older than 2.1
            {"name": "consumerGroup", "value": "{appID}"},  # replicas share the events, what was read is remembered
            {"name": "initialOffset", "value": "oldest"},  # a new app hears what is there
            {"name": "maxMessageBytes", "value": "16777216"},  # of a dead letter: it is as large as its event
            {"name": "sessionTimeout", "value": "6s"},  # then a dead sidecar's partitions go to another
            {"name": "heartbeatInterval", "value": "2s"},
        ],
    )


KINDS = {"pubsub.redis": bus, "pubsub.jetstream": jetstream, "pubsub.kafka": kafka}


def files(root: Path, found: topics.Topics) -> dict[Path, dict[str, Any]]:
    """components/bus.yaml, of the kind that it is, and one file of each kind to put in its place.

    Redis where there is none yet. One of a kind that is not known here is its owner's, and left alone.
    """
    folder = root / "components"
    written = {
        folder / "alternatives" / f"bus-{kind.partition('.')[2]}.yaml": make(found) for kind, make in KINDS.items()
    }
    try:
        kind = yaml.safe_load((folder / "bus.yaml").read_text(encoding="utf-8"))["spec"]["type"]
    except (OSError, yaml.YAMLError, KeyError, TypeError):
        kind = "pubsub.redis"
    return written | ({folder / "bus.yaml": KINDS[kind](found)} if kind in KINDS else {})


def _component(found: topics.Topics, kind: str, metadata: list[dict[str, Any]]) -> dict[str, Any]:
    """Every program that may use the bus is named three times.

    Without `scopes` a sidecar of any other name would have the bus, and without its entry in the two lists of topics
    it might publish and hear everything.
    """
    allowed = [
        {"name": "publishingScopes", "value": topics.scopes(found.published)},
        {"name": "subscriptionScopes", "value": topics.scopes(found.subscribed)},
    ]
    return {
        "apiVersion": "dapr.io/v1alpha1",
        "kind": "Component",
        "metadata": {"name": "bus"},
        "spec": {"type": kind, "version": "v1", "initTimeout": "10s", "metadata": metadata + allowed},
        "auth": {"secretStore": "secrets"},
        "scopes": sorted(found.published),
    }


def _secret(name: str, key: str) -> dict[str, Any]:
    return {"name": name, "secretKeyRef": {"name": key, "key": key}}
