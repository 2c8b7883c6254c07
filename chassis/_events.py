"""Events on the bus: what a contract's class must have, and the CloudEvents 1.0 envelope it travels in.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Protocol, Self
from uuid import UUID

import orjson

from ._context import Context
from ._principal import Principal

MEDIA_TYPE = "application/cloudevents+json"
TRIES = 8  # deliveries of one event; `components/resiliency.yaml` has one retry less
MAX_BYTES = 256 * 1024  # of one event's data: who tells of something larger tells where it is
_TOPIC = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\.[a-z0-9]+(-[a-z0-9]+)*")


class Retry(Exception):
    """Raised by a handler: not now, bring the event again a little later."""


class Drop(Exception):
    """Raised by a handler: this event can never be handled, and its text says why. It becomes a dead letter."""


class Event(Protocol):
    """A pydantic model in its owner's module of `contracts`.

    TOPIC is `<owner's app-id>.<what-happened>`, TYPE the topic with the version of this shape: `….v1`. Additive change
    only; another shape is another version. `subject` names the one thing it is about, such as a record.
    """

    TOPIC: ClassVar[str]
    TYPE: ClassVar[str]

    @property
    def subject(self) -> str: ...

    def model_dump_json(self) -> str: ...

    @classmethod
    def model_validate(cls, obj: Any) -> Self: ...


def owner(topic: str) -> str:
    """The app-id of the only app that publishes `topic`."""
    return topic.partition(".")[0]


def check(event: type[Event] | Event) -> None:
    """Raises TypeError when the class does not say where its events go, or says it wrongly."""
    name = getattr(event, "__name__", type(event).__name__)
    topic, kind = getattr(event, "TOPIC", None), getattr(event, "TYPE", None)
    if not isinstance(topic, str) or not _TOPIC.fullmatch(topic):
        raise TypeError(f"{name}.TOPIC must be <app-id>.<what-happened>, it is {topic!r}")
    if not isinstance(kind, str) or not re.fullmatch(rf"{re.escape(topic)}\.v[1-9][0-9]*", kind):
        raise TypeError(f"{name}.TYPE must be {topic}.v1 or a later version, it is {kind!r}")


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event as it arrived, or as its owner keeps it. `data` is JSON that nobody has validated yet.

    `sequence` counts the owner's events without a gap, `subject_sequence` those about the subject; both from 1, None
    when the publisher gives none. `correlation_id` is the request that began it all, `causation_id` the request or
    event that led to this one.
    """

    id: str
    source: str
    type: str
    subject: str
    time: str
    tenant: str
    actor: str
    data: Any
    traceparent: str | None = None
    correlation_id: str = ""
    causation_id: str = ""
    sequence: int | None = None
    subject_sequence: int | None = None

    @property
    def age(self) -> float | None:
        """Seconds since it happened, by this machine's clock; None when it says no time that can be read."""
        try:
            return (datetime.now(UTC) - datetime.fromisoformat(self.time)).total_seconds()
        except (ValueError, TypeError):
            return None

    @property
    def principal(self) -> Principal:
        """On whose behalf it is handled."""
        return Principal(user=self.actor, tenant=self.tenant)


def envelope(
    event: Event, data: bytes, *, id: UUID, who: Principal, context: Context | None, subject_sequence: int
) -> bytes:
    """The envelope as JSON, still without the `sequence` that `numbered` adds.

    `data` is `event` as JSON. Numbers travel as strings: CloudEvents has no integer above 32 bits.
    """
    document: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(id),
        "source": owner(event.TOPIC),
        "type": event.TYPE,
        "subject": event.subject,
        "time": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "tenantid": who.tenant,
        "actorid": who.act or who.user,
        "subjectsequence": str(subject_sequence),
    }
    if context:
        # daprd replaces the trace of an envelope that does not carry it under both names.
        document["traceparent"] = document["traceid"] = context.traceparent
        document["correlationid"] = context.request_id
        document["causationid"] = context.causation_id or context.request_id
    document["data"] = orjson.Fragment(data)
    return orjson.dumps(document)


def numbered(stored: bytes, sequence: int) -> bytes:
    """The envelope with its place among its owner's events, ready for the bus."""
    return stored[:-1] + b',"sequence":"%d"}' % sequence


def parse(body: bytes) -> Envelope:
    """The envelope in `body`, whatever else it carries. Raises Drop when it is not a valid one of this platform."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Drop("the body is not valid JSON") from None
    if not isinstance(document, dict):
        raise Drop("the body is not a JSON object")
    if document.get("specversion") != "1.0":
        raise Drop("specversion is not 1.0: this is no CloudEvent that is known here")
    if "data_base64" in document:
        raise Drop("data_base64 is not understood, the data must be JSON")
    return Envelope(
        id=_text(document, "id"),
        source=_text(document, "source"),
        type=_text(document, "type"),
        subject=_text(document, "subject", ""),
        time=_text(document, "time", ""),
        tenant=_text(document, "tenantid"),
        actor=_text(document, "actorid"),
        data=document.get("data"),
        traceparent=_text(document, "traceparent", "") or None,
        correlation_id=_text(document, "correlationid", ""),
        causation_id=_text(document, "causationid", ""),
        sequence=_number(document, "sequence"),
        subject_sequence=_number(document, "subjectsequence"),
    )


def _text(document: dict[str, Any], name: str, default: str | None = None) -> str:
    value = document.get(name)
    if default is not None and value in (None, ""):
        return default
    if not isinstance(value, str) or not value:
        raise Drop(f"{name} is {'not a text' if value else 'missing'}")
    return value


def _number(document: dict[str, Any], name: str) -> int | None:
    value = document.get(name)
    if value is None:
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise Drop(f"{name} is not a positive whole number")
    return value
