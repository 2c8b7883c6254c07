"""From any id of a request: what led to what, across services, with durations and the first failure."""

from tests.event_processor.arriving import CREATED, TRACE

EVENTS = "/api/v1/events"


async def test_the_tree_is_the_same_from_the_event_the_request_and_the_trace(client, arriving):
    first = await arriving.comes(CREATED)
    second = await arriving.comes(subject="appA/recB", causationid=first)
    trees = [(await client.get(f"{EVENTS}/tree/{id}")).json() for id in (first, second, "request-1", TRACE)]
    for tree in trees:
        assert [(node["id"], node["parent"], node["depth"], node["kind"]) for node in tree["nodes"]] == [
            ("request-1", None, 0, "command"),
            (first, "request-1", 1, "event"),
            (second, first, 2, "event"),
        ]
        assert (tree["trace_ids"], tree["services"], tree["failures"]) == ([TRACE], ["airtable-connector"], 0)


async def test_durations_are_told_after_the_cause_and_until_the_last_effect(client, arriving):
    first = await arriving.comes(time="2026-11-25T10:00:00Z")
    await arriving.comes(causationid=first, time="2026-11-25T10:00:00.25Z")
    await arriving.comes(causationid=first, time="2026-11-25T10:00:02Z")
    nodes = (await client.get(f"{EVENTS}/tree/{first}")).json()["nodes"]
    assert [(node["after_ms"], node["lasts_ms"]) for node in nodes] == [(0, 2000), (0, 2000), (250, 0), (2000, 0)]


async def test_the_first_failure_is_named_with_the_way_to_it(client, arriving):
    first = await arriving.comes()
    second = await arriving.comes(causationid=first)
    failure = await arriving.failure(second, "forget", "peer.timeout: search-service was silent")
    await arriving.failure(first, "index", "later")
    tree = (await client.get(f"{EVENTS}/tree/{first}")).json()
    assert tree["first_failure"] == failure
    assert tree["path"] == ["request-1", first, second, failure]
    assert tree["failures"] == 2
    assert "first failure: audit-service, forget gave up at try 8: peer.timeout" in tree["text"]


async def test_a_failure_that_was_told_outside_of_its_request_still_belongs_to_the_event(client, arriving):
    first = await arriving.comes()
    failure = await arriving.failure(first, correlationid="elsewhere", traceparent=None)
    tree = (await client.get(f"{EVENTS}/tree/{first}")).json()
    assert [node["id"] for node in tree["nodes"]] == ["request-1", first, failure]


async def test_people_read_the_tree_as_text(client, arriving):
    first = await arriving.comes(CREATED, time="2026-11-25T10:00:00Z")
    await arriving.comes(subject="appA/recB", causationid=first, time="2026-11-25T10:00:00.020Z")
    await arriving.comes(subject="appA/recC", time="2026-11-25T10:00:00.030Z")
    answer = await client.get(f"{EVENTS}/tree/{first}", headers={"accept": "text/plain"})
    assert answer.body.decode().splitlines() == [
        "3 events in 1 service, 0 failed, over 30 ms",
        f"trace {TRACE}",
        "request request-1 by developer, 30 ms",
        "├─ airtable-connector.record-created.v1 appA/recA  +0 ms",
        "│  └─ airtable-connector.record-updated.v1 appA/recB  +20 ms",
        "└─ airtable-connector.record-updated.v1 appA/recC  +30 ms",
    ]


async def test_events_that_say_they_caused_each_other_hang_below_their_request(client, arriving):
    await arriving.comes(id="a", causationid="b")
    await arriving.comes(id="b", causationid="a")
    tree = (await client.get(f"{EVENTS}/tree/a")).json()
    assert {node["id"] for node in tree["nodes"]} == {"request-1", "a", "b"}


async def test_an_id_that_nothing_has_is_unknown(client):
    assert (await client.get(f"{EVENTS}/tree/nothing")).problem == ("events.unknown", 404, "event-processor")


async def test_a_very_long_story_is_told_up_to_its_limit_and_says_so(client, arriving, monkeypatch):
    monkeypatch.setattr("apps.event_processor.domain.tree.MOST", 2)
    first, *_ = [await arriving.comes() for _ in range(3)]
    tree = (await client.get(f"{EVENTS}/tree/{first}")).json()
    assert (tree["events"], tree["truncated"]) == (2, True)
