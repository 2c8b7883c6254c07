"""Every event is kept once, in one order, and can be read back in every way."""

import asyncio

import pytest

from apps.event_processor.domain import catalogue
from chassis import Principal
from tests.event_processor.arriving import CREATED, FAILED, TRACE, UPDATED, cells

EVENTS = "/api/v1/events"
STRANGER = Principal("ann", "acme")


async def ids(client, **params):
    answer = await client.get(EVENTS, params=params)
    assert answer.status == 200, answer.body
    return [event["id"] for event in answer.json()["items"]]


async def test_an_event_is_told_as_it_came_with_its_place_in_the_store(client, arriving):
    id = await arriving.comes(subject="appA/recA", version=7, data=cells(Name="Ada"))
    event = (await client.get(f"{EVENTS}/{id}")).json()
    stored_at = event.pop("stored_at")
    assert stored_at
    assert event == {
        "position": 1,
        "id": id,
        "stream": "airtable-connector/appA/recA",
        "type": UPDATED,
        "stored_type": UPDATED,
        "version": 7,
        "sequence": 1,
        "time": "2026-11-25T10:00:00.000001Z",
        "actor": "developer",
        "correlation_id": "request-1",
        "causation_id": "request-1",
        "trace_id": TRACE,
        "data": cells(Name="Ada"),
    }


async def test_an_event_that_comes_again_is_stored_once_and_leaves_no_gap(client, arriving):
    event = arriving.made()
    await asyncio.gather(*(arriving.brings(event) for _ in range(5)))
    await arriving.comes()
    listed = (await client.get(EVENTS)).json()["items"]
    assert [each["position"] for each in listed] == [1, 2]


async def test_every_topic_of_contracts_is_subscribed_and_so_are_failures_and_dead_letters(client):
    answer = await client.get("/dapr/subscribe", headers={"authorization": None})
    told = {each["topic"] for each in answer.json()}
    assert {catalogue.topic_of(kind) for kind in catalogue.types()} <= told
    assert {UPDATED[:-3], FAILED[:-3], "dead-letters.audit-service", "event-processor.event-failed"} <= told


async def test_events_are_found_by_stream_category_type_request_and_trace(client, arriving):
    first = await arriving.comes(CREATED)
    second = await arriving.comes(version=2)
    other = await arriving.comes(subject="appA/recB", correlationid="request-2", traceparent=None)
    failed = await arriving.failure(first)
    assert await ids(client, stream="airtable-connector/appA/recA") == [first, second]
    assert await ids(client, category="audit-service") == [failed]
    assert await ids(client, type=[CREATED, FAILED]) == [first, failed]
    assert await ids(client, correlation_id="request-2") == [other]
    assert await ids(client, trace_id=TRACE) == [first, second, failed]
    assert await ids(client, since="2026-11-25T10:00:00.000002Z", until="2026-11-25T10:00:00.000004Z") == [
        second,
        other,
    ]


async def test_a_stream_is_told_in_order_of_its_versions_however_its_events_came(client, arriving):
    for version in (2, 3, 1):
        await arriving.comes(version=version)
    read = await client.get(EVENTS, params={"stream": "airtable-connector/appA/recA"})
    assert [event["version"] for event in read.json()["items"]] == [1, 2, 3]


@pytest.mark.parametrize("direction", ["forwards", "backwards"])
async def test_the_log_is_read_page_by_page_in_either_direction(client, arriving, direction):
    expected = [await arriving.comes() for _ in range(5)]
    found, after = [], None
    while True:
        page = {"page_size": 2, "direction": direction} | ({"cursor": after} if after else {})
        answer = (await client.get(EVENTS, params=page)).json()
        found += [event["id"] for event in answer["items"]]
        after = answer["next"]
        if after is None:
            break
    assert found == (expected if direction == "forwards" else expected[::-1])


async def test_a_reader_that_waits_is_woken_by_the_next_event(client, arriving):
    await arriving.comes()
    waiting = asyncio.create_task(client.get(EVENTS, params={"cursor": 1, "wait": 20}))
    await asyncio.sleep(0)
    id = await arriving.comes()
    answer = (await waiting).json()
    assert ([event["id"] for event in answer["items"]], answer["next"]) == ([id], "2")


async def test_a_reader_whose_wait_was_in_vain_goes_on_from_where_the_log_was_read(client, arriving):
    await arriving.comes()
    answer = (await client.get(EVENTS, params={"category": "audit-service", "wait": 0})).json()
    assert answer == {"items": [], "next": "1"}


async def test_tenants_never_see_each_other(client, arriving, acting_as):
    mine = await arriving.comes()
    theirs = await arriving.comes(tenantid="acme")
    stranger = acting_as(STRANGER)
    assert await ids(client) == [mine]
    assert await ids(stranger) == [theirs]
    assert await ids(stranger, correlation_id="request-1") == [theirs]
    assert (await stranger.get(f"{EVENTS}/{mine}")).problem == ("events.unknown", 404, "event-processor")
    tree = (await stranger.get(f"{EVENTS}/tree/request-1")).json()
    assert [node["id"] for node in tree["nodes"]] == ["request-1", theirs]


def an_append(stream="order-17", expected=None, *types):
    events = [{"type": kind, "data": {"n": n}} for n, kind in enumerate(types or ("order.paid.v1",))]
    return {"stream": stream, "expected_version": expected, "events": events}


async def test_appending_needs_the_version_the_stream_has(client):
    first = await client.post(EVENTS, json=an_append("order-17", 0, "order.placed.v1", "order.paid.v1"))
    assert (first.status, first.json()) == (
        201,
        {"stream": "event-processor/order-17", "version": 2, "positions": [1, 2]},
    )
    late = await client.post(EVENTS, json=an_append("order-17", 1))
    assert late.problem == ("events.version-conflict", 409, "event-processor")
    assert late.headers["x-current-version"] == "2"
    assert (await client.post(EVENTS, json=an_append("order-17", 2))).json()["version"] == 3


async def test_of_many_who_append_at_once_with_the_same_version_one_succeeds(client):
    answers = await asyncio.gather(*(client.post(EVENTS, json=an_append("order-17", 0)) for _ in range(8)))
    assert sorted(answer.status for answer in answers) == [201] + [409] * 7


async def test_a_stream_of_the_same_name_is_another_tenants_own(client, acting_as):
    await client.post(EVENTS, json=an_append())
    answer = await acting_as(STRANGER).post(EVENTS, json=an_append("order-17", 0))
    assert answer.json()["version"] == 1


async def test_nobody_appends_what_only_its_owner_may_tell(client):
    answer = await client.post(EVENTS, json=an_append("order-17", None, UPDATED))
    assert answer.problem == ("events.foreign-type", 422, "event-processor")


@pytest.mark.parametrize(
    "wrong",
    [{"stream": "order 17"}, {"events": []}, {"expected_version": -1}, {"surprise": 1}, {"events": [{"type": "paid"}]}],
)
async def test_what_is_no_append_is_refused(client, wrong):
    answer = await client.post(EVENTS, json={**an_append(), **wrong})
    assert answer.problem == ("request.invalid", 422, "event-processor")


@pytest.mark.parametrize(
    "path",
    [
        *(f"?{name}=a%00b" for name in ("stream", "category", "type", "correlation_id", "trace_id")),
        *("/a%00b", "/tree/a%00b", "/dead-letters?consumer=a%00", "/projections/p/rows?cursor=a%00b", "/schemas/a%00b"),
        *("/quarantine?cursor=9999999999999999999", "?cursor=9999999999999999999", "/subscriptions/a%00/parked"),
    ],
)
async def test_what_no_database_can_be_asked_for_is_refused_or_unknown(client, path):
    answer = await client.get(EVENTS + path)
    assert answer.problem in (
        ("request.invalid", 422, "event-processor"),
        ("events.unknown-type", 404, "event-processor"),
    )


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/projections/p", {"events": {"stream": "a\0b"}, "columns": {"n": {"op": "count"}}}),
        ("PUT", "/subscriptions/s", {"events": {"category": "a\0"}}),
        ("PUT", "/triggers/t", {"events": {"type": ["a\0"]}, "emit": {"type": "a.b.v1", "stream": "s"}}),
        ("PUT", "/retention/r", {"stream": "a/\0", "max_count": 1}),
        ("POST", "/subscriptions/s/ack", {"receipts": ["9999999999999999999.1"]}),
        ("POST", "/subscriptions/s/nack", {"receipts": ["1.1"], "reason": "a\0"}),
        ("POST", "/dead-letters/replay", {"event": "a\0"}),
        ("POST", "/replays", {"consumer": "audit-service", "events": {"trace_id": "\0"}}),
    ],
)
async def test_a_definition_that_no_database_can_be_asked_for_is_refused(client, method, path, body):
    answer = await client.request(method, EVENTS + path, json=body)
    assert answer.problem == ("request.invalid", 422, "event-processor")
