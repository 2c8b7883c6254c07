"""A handler runs once for each event, on behalf of whoever caused it, in the trace of whoever asked."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import orjson
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from chassis import AppSettings, Drop, Principal, Retry, Router, create_app, is_next, subscribe
from chassis._events import TRIES, Envelope
from chassis.testing import AppClient
from chassis.testing._fake import APP_TOKEN

from .notes.contracts import NoteAdded
from .notes.reader import Seen, Settings, read_note
from .test_envelope import TRACE, VALID
from .waiting import until

TOPIC = "note-service.note-added"


def an_event(id="1", **changed):
    return orjson.dumps({**VALID, "id": id, "data": {"note": "a"}, **changed})


async def failures(dapr):
    """What `<app>.event-failed` tells, once it is published."""
    found = await until(lambda: [e for e in dapr.bus.published if e["topic"] == "reader-service.event-failed"])
    return [event["data"] for event in found]


async def test_the_handler_of_another_app_works_in_the_trace_and_for_the_principal_of_the_route(
    writing, reading, seen, dapr
):
    headers = {"traceparent": TRACE, "x-request-id": "request-1"}
    answer = await writing.post("/notes", json={"note": "a"}, headers=headers)
    await until(seen.effects)

    context = seen.contexts[0]
    assert context.trace_id == answer.headers["x-trace-id"] == TRACE[3:35]
    assert (context.request_id, context.causation_id) == ("request-1", dapr.bus.published[0]["id"])
    assert context.principal == Principal("developer", "local")
    assert 0 < context.remaining() <= 20


async def test_an_event_that_comes_twice_has_its_effect_once(reading, seen, dapr):
    for _ in range(2):
        await dapr.bus.deliver(TOPIC, an_event())
    assert await seen.effects() == ["a"]
    assert len(seen.contexts) == 1


async def test_an_event_that_comes_twice_at_once_has_its_effect_once(reading, seen, dapr):
    await asyncio.gather(*(dapr.bus.deliver(TOPIC, an_event()) for _ in range(4)))
    assert await seen.effects() == ["a"]


@pytest.mark.parametrize("raised", [Retry("not yet"), ConnectionError(), LookupError("ours")])
async def test_a_handler_that_fails_leaves_no_trace_and_is_run_again(reading, seen, dapr, raised):
    async def fail_twice(event):
        if len(seen.contexts) < 3:
            raise raised

    seen.behave = fail_twice
    await dapr.bus.deliver(TOPIC, an_event())
    assert await seen.effects() == ["a"]
    assert len(seen.contexts) == 3


@pytest.mark.parametrize(
    ("raised", "problem"),
    [
        (Retry("not yet"), "not yet"),
        (LookupError("a secret"), "LookupError in the handler"),
    ],
)
async def test_a_handler_that_never_succeeds_gives_up_and_says_why(reading, seen, dapr, raised, problem):
    async def fail(event):
        raise raised

    seen.behave = fail
    await dapr.bus.deliver(TOPIC, an_event())
    assert (await seen.effects(), len(seen.contexts)) == ([], TRIES)
    assert dapr.bus.dead_letters["dead-letters.reader-service"]
    (failure,) = await failures(dapr)
    assert failure == {
        "event": "1",
        "topic": TOPIC,
        "type": f"{TOPIC}.v1",
        "handler": "read_note",
        "attempt": TRIES,
        "problem": problem,
    }


async def test_a_bug_gets_its_tries_within_one_delivery_and_so_holds_up_nobody_behind_it(reading, seen, dapr):
    async def fail(event):
        if len(seen.contexts) <= TRIES:
            raise LookupError

    seen.behave = fail
    dapr.bus.pause = 3_600  # a second delivery would outlast the test
    await dapr.bus.deliver(TOPIC, an_event("1"))
    await dapr.bus.deliver(TOPIC, an_event("2"))
    assert (await seen.effects(), len(seen.contexts)) == (["a"], TRIES + 1)


async def test_a_bug_in_one_handler_takes_no_delivery_from_another_that_waits(dapr, new_database):
    waited = []

    @subscribe(NoteAdded)
    async def broken(event: NoteAdded) -> None:
        raise LookupError

    @subscribe(NoteAdded)
    async def waits(event: NoteAdded) -> None:
        waited.append(event.note)
        if len(waited) < 3:
            raise Retry("not yet")

    dapr.secrets["database-url/reader-service"] = await new_database("reader-service")
    app = create_app(Settings(**dapr.settings()), provide=[Seen], subscriptions=[broken, waits])
    async with AppClient(app, dapr.headers()).running():
        await dapr.bus.connect(app)
        await dapr.bus.deliver(TOPIC, an_event())
        assert len(waited) == 3
        (failure,) = await failures(dapr)
    assert (failure["handler"], failure["attempt"]) == ("broken", TRIES)


async def test_a_handler_that_drops_an_event_does_not_see_it_again(reading, seen, dapr):
    async def drop(event):
        raise Drop("nobody wants it")

    seen.behave = drop
    await dapr.bus.deliver(TOPIC, an_event())
    assert (await seen.effects(), len(seen.contexts)) == ([], 1)
    assert (await failures(dapr))[0]["problem"] == "nobody wants it"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"{", "not valid JSON"),
        (an_event(data={"note": "x" * 10_000_000}), "1048576 is the end"),
        (an_event(traceparent=7), "traceparent is not a text"),
        (an_event(type=f"{TOPIC}.v2"), f"{TOPIC}.v1 is what read_note knows"),
        (an_event(source="other-service"), "other-service is not who publishes"),
        (an_event(data={"note": 7}), "not valid as"),
        (an_event(data=None), "not valid as"),
    ],
)
async def test_a_poisonous_event_is_dropped_at_once_with_its_reason_and_holds_up_nobody(
    reading, seen, dapr, body, problem
):
    dapr.bus.pause = 3_600  # a second delivery would outlast the test
    await dapr.bus.deliver(TOPIC, body)
    await dapr.bus.deliver(TOPIC, an_event("2"))
    assert await seen.effects() == ["a"]
    assert problem in (await failures(dapr))[0]["problem"]


async def test_an_event_with_a_field_nobody_knows_yet_is_handled(reading, seen, dapr):
    await dapr.bus.deliver(TOPIC, an_event(data={"note": "a", "colour": "red"}))
    assert await seen.effects() == ["a"]


@pytest.mark.parametrize(("status", "raised"), [(204, None), (503, Retry("later")), (404, Drop("never"))])
async def test_an_event_is_answered_without_a_body(reading, seen, status, raised):
    async def behave(event):
        if raised:
            raise raised

    seen.behave = behave
    answer = await reading.post(f"/dapr/events/{TOPIC}", body=an_event())
    assert (answer.status, answer.body) == (status, b"")


async def test_only_the_sidecar_may_bring_events(reading, seen):
    answer = await reading.post(f"/dapr/events/{TOPIC}", body=an_event(), headers={"dapr-api-token": None})
    assert answer.problem == ("mesh.not-through-sidecar", 401, "reader-service")
    assert await seen.effects() == []


async def test_daprd_is_told_topics_routes_and_where_dead_letters_go(reading):
    answer = await reading.get("/dapr/subscribe")
    dead, where = "dead-letters.reader-service", "/dapr/events"
    assert answer.json() == [
        {
            "pubsubname": "bus",
            "topic": dead,
            "routes": {"default": f"{where}/{dead}"},
            "metadata": {"rawPayload": "true"},
        },
        {"pubsubname": "bus", "topic": TOPIC, "routes": {"default": f"{where}/{TOPIC}"}, "deadLetterTopic": dead},
    ]


def test_a_handler_under_subscribe_is_still_the_function_it_was():
    async def handler(event: NoteAdded) -> None:
        """Mine."""

    assert subscribe(NoteAdded)(handler) is handler


def test_an_app_with_a_wrong_subscription_is_not_made():
    async def plain(event: NoteAdded) -> None: ...

    @subscribe(NoteAdded)
    async def greedy(event: NoteAdded, missing: dict) -> None: ...

    settings = Settings()
    for functions, said in (([plain], "@subscribe"), ([greedy], "missing"), ([read_note, read_note], "two handlers")):
        with pytest.raises(TypeError, match=said):
            create_app(settings, provide=[Seen], subscriptions=functions)


def test_an_event_without_a_topic_cannot_be_subscribed_to():
    class Nowhere(NoteAdded):
        TOPIC: ClassVar[str] = ""

    with pytest.raises(TypeError, match="Nowhere"):
        subscribe(Nowhere)


def test_the_order_of_a_subject_is_kept_by_asking_for_the_next_number():
    def number(n):
        return Envelope("1", "note-service", "", "a", "", "local", "developer", {}, subject_sequence=n)

    assert is_next(number(3), last=2)
    assert not is_next(number(2), last=2)
    with pytest.raises(Retry, match="number 4 of a came before number 3"):
        is_next(number(4), last=2)
    with pytest.raises(Drop):
        is_next(number(None), last=2)


async def test_a_part_of_a_handler_that_fails_and_is_caught_is_undone_alone(reading, seen, dapr):
    async def try_something(event):
        with contextlib.suppress(IntegrityError):
            async with seen.db.change(Principal("ann", "acme")) as change:
                await change.execute(text("INSERT INTO effects VALUES ('half', 'acme')"))
                await change.execute(text("INSERT INTO inbox VALUES (NULL, NULL)"))

    seen.behave = try_something
    await dapr.bus.deliver(TOPIC, an_event())
    assert await seen.effects() == ["a"]


async def test_a_handler_reads_what_it_wrote_before_it_is_committed(reading, seen, dapr):
    read: list[list[str]] = []

    async def look(event):
        read.append(await seen.effects())

    seen.behave = look
    await dapr.bus.deliver(TOPIC, an_event())
    assert read == [["a"]]


async def test_the_metrics_tell_what_became_of_the_deliveries(reading, seen, dapr):
    async def fail_once(event):
        if len(seen.contexts) == 1:
            raise Retry

    seen.behave = fail_once
    for id in ("1", "1"):
        await dapr.bus.deliver(TOPIC, an_event(id))
    await dapr.bus.deliver(TOPIC, an_event("2", data=None))
    read = reading.app.state.chassis.metrics.registry.get_sample_value
    counted = {
        outcome: read("events_handled_total", {"handler": "read_note", "outcome": outcome})
        for outcome in ("done", "again", "retry", "drop")
    }
    assert counted == {"done": 1, "again": 1, "retry": 1, "drop": 1}


async def test_the_metrics_tell_how_old_an_event_was_when_it_was_done(reading, seen, dapr):
    read = reading.app.state.chassis.metrics.registry.get_sample_value
    for number, (time, low) in enumerate([(datetime.now(UTC) - timedelta(seconds=90), 90), ("some day", 90)]):
        await dapr.bus.deliver(TOPIC, an_event(str(number), time=time if isinstance(time, str) else time.isoformat()))
        assert low <= read("event_age_seconds", {"topic": TOPIC}) < low + 30
    assert await seen.effects() == ["a", "a"]


async def test_a_handler_calls_other_apps_in_the_name_of_its_own_and_for_the_tenant_of_the_event(reading, seen, dapr):
    mesh = reading.app.state.chassis.mesh
    asked = Router()

    @asked.get("/who")
    async def who(principal: Principal) -> dict[str, str]:
        return {"kind": principal.kind, "user": principal.user, "tenant": principal.tenant}

    callee = create_app(Callee(**dapr.settings()), routers=[asked])
    answers = []

    async def call(event):
        answers.append((await mesh.call("note-service", "GET", "/who")).body)

    seen.behave = call
    async with AppClient(callee).running():
        dapr.peers["note-service"].serves(callee, APP_TOKEN, caller="reader-service")
        await dapr.bus.deliver(TOPIC, an_event(tenantid="acme"))
        dapr.peers["note-service"].serves(callee, APP_TOKEN, caller="other-service")
        await dapr.bus.deliver(TOPIC, an_event("2"))
    assert orjson.loads(answers[0]) == {"kind": "service", "user": "reader-service", "tenant": "acme"}
    assert orjson.loads(answers[1])["code"] == "identity.invalid-token"


async def test_what_a_handler_asks_of_others_is_asked_under_the_same_keys_when_the_event_comes_again(
    reading, seen, dapr
):
    mesh = reading.app.state.chassis.mesh
    peer = dapr.peers["note-service"].answers(json={})

    async def call_twice_then_fail_once(event):
        for _ in range(2):
            await mesh.call("note-service", "POST", "/notes", body=b"{}")
        if len(seen.contexts) == 1:
            raise Retry("once more")

    seen.behave = call_twice_then_fail_once
    await dapr.bus.deliver(TOPIC, an_event())
    await dapr.bus.deliver(TOPIC, an_event("2"))
    keys = [seen.headers["idempotency-key"] for seen in peer.requests]
    assert keys[:2] == keys[2:4]
    assert len({*keys}) == 4


class Callee(AppSettings, app_id="note-service"):
    """Whom the handler calls."""
