"""What an event looks like on the bus, and what is refused as none."""

import time
from typing import ClassVar

import orjson
import pytest

from chassis import Context, Drop, Principal, uuid7
from chassis._events import check, envelope, numbered, parse

from .notes.contracts import NoteAdded

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
VALID = {
    "specversion": "1.0",
    "id": "1",
    "source": "note-service",
    "type": "note-service.note-added.v1",
    "tenantid": "local",
    "actorid": "developer",
    "data": {},
}


def test_a_uuid7_carries_its_time_its_version_and_its_variant():
    before = time.time_ns() // 1_000_000
    made = uuid7()
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000
    assert (made.version, made.variant) == (7, "specified in RFC 4122")


def test_uuid7s_sort_in_the_order_they_were_made_and_never_repeat():
    made = []
    for _ in range(1000):
        made.append(uuid7())
        until = time.time_ns() + 1000
        while time.time_ns() < until:
            pass
    assert made == sorted(made)
    assert len({each.int & ((1 << 62) - 1) for each in made}) == 1000


def test_an_envelope_says_everything_a_subscriber_may_want_and_comes_back_the_same():
    context = Context("note-service", TRACE[3:35], TRACE[36:52], "request-1", causation_id="event-0")
    event = NoteAdded(note="rec1", text="ä")
    sent = numbered(
        envelope(
            event,
            event.model_dump_json().encode(),
            id=uuid7(),
            who=Principal("ann", "acme", act="agent-7"),
            context=context,
            subject_sequence=3,
        ),
        42,
    )

    document = orjson.loads(sent)
    assert document.pop("id")[14] == "7"
    assert document.pop("time").endswith("Z")
    assert document == {
        "specversion": "1.0",
        "source": "note-service",
        "type": "note-service.note-added.v1",
        "subject": "rec1",
        "datacontenttype": "application/json",
        "tenantid": "acme",
        "actorid": "agent-7",
        "subjectsequence": "3",
        "traceparent": TRACE,
        "traceid": TRACE,
        "correlationid": "request-1",
        "causationid": "event-0",
        "data": {"note": "rec1", "text": "ä"},
        "sequence": "42",
    }
    got = parse(sent)
    assert (got.sequence, got.subject_sequence, got.tenant, got.actor) == (42, 3, "acme", "agent-7")
    assert (got.traceparent, got.correlation_id, got.causation_id) == (TRACE, "request-1", "event-0")
    assert NoteAdded.model_validate(got.data) == event


def test_extensions_nobody_knows_here_do_no_harm():
    assert parse(orjson.dumps({**VALID, "pubsubname": "bus", "topic": "x", "expiration": 5, "colour": {}})).id == "1"


@pytest.mark.parametrize("missing", ["specversion", "id", "source", "type", "tenantid", "actorid"])
def test_an_envelope_without_what_it_needs_is_dropped_with_the_reason(missing):
    with pytest.raises(Drop, match=missing):
        parse(orjson.dumps({name: value for name, value in VALID.items() if name != missing}))


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"traceparent": 7}, "traceparent is not a text"),
        ({"id": 7}, "id is not a text"),
        ({"sequence": "soon"}, "sequence is not a positive whole number"),
        ({"sequence": True}, "sequence is not a positive whole number"),
        ({"subjectsequence": "0"}, "subjectsequence is not a positive whole number"),
        ({"specversion": "0.3"}, "specversion is not 1.0"),
        ({"data_base64": "AA=="}, "data_base64"),
    ],
)
def test_an_envelope_with_something_wrong_is_dropped_with_the_reason(wrong, reason):
    with pytest.raises(Drop, match=reason):
        parse(orjson.dumps({**VALID, **wrong}))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"\xff"])
def test_a_body_that_is_no_json_object_is_dropped(body):
    with pytest.raises(Drop, match="JSON"):
        parse(body)


@pytest.mark.parametrize(
    ("topic", "type_"),
    [
        ("note-added", "note-added.v1"),
        ("note-service.NoteAdded", "note-service.NoteAdded.v1"),
        ("note-service.note-added", "note-service.note-added"),
        ("note-service.note-added", "note-service.note-changed.v1"),
        ("note-service.note-added", "note-service.note-added.v0"),
    ],
)
def test_a_class_that_names_its_topic_or_version_wrongly_is_no_event(topic, type_):
    class Wrong(NoteAdded):
        TOPIC: ClassVar[str] = topic
        TYPE: ClassVar[str] = type_

    with pytest.raises(TypeError, match=r"Wrong\.T"):
        check(Wrong)
