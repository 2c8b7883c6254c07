"""What an app gave up is kept with its reasons, and brought again by people or by itself."""

import asyncpg
import orjson
import pytest
from aiohttp import web
from sqlalchemy import text

from apps.event_processor.domain.letters import TRIES
from chassis import Database, Principal
from chassis.testing import Seen
from tests.event_processor.arriving import UPDATED

LETTERS = "/api/v1/events/dead-letters"
CONSUMER = "audit-service"
DELIVERY = f"/dapr/events/{UPDATED.removesuffix('.v1')}"
PASSES = "peer.unavailable: search-service is not there"


TOPICS = [{"topic": UPDATED.removesuffix(".v1")}, {"topic": "airtable-connector.record-created"}]


@pytest.fixture(autouse=True)
def _subscribed(client, peers):
    peers[CONSUMER].answers(json=TOPICS, method="GET", path="/dapr/subscribe")


async def holding(database):
    """How many transactions have written dead letters and are not over."""
    connection = await asyncpg.connect(database)
    try:
        return await connection.fetchval(
            "SELECT count(*) FROM pg_locks WHERE relation = 'dead_letters'::regclass AND mode = 'RowExclusiveLock'"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
    finally:
        await connection.close()


async def dead(arriving, problem=None, **other):
    """audit-service gives an event up, and tells why unless `problem` is None; the event."""
    event = arriving.made(**other)
    await arriving.brings(event, f"dead-letters.{CONSUMER}")
    if problem:
        await arriving.failure(event["id"], problem=problem)
    return event


async def listed(client, **params):
    return (await client.get(LETTERS, params=params)).json()["items"]


async def test_a_dead_letter_is_joined_with_the_reason_its_consumer_told(client, arriving):
    event = await dead(arriving, "notes.broken: the note has no text")
    (letter,) = await listed(client)
    (reason,) = letter.pop("reasons")
    assert (reason["handler"], reason["attempt"], reason["problem"]) == (
        "forget",
        8,
        "notes.broken: the note has no text",
    )
    assert (letter["consumer"], letter["event"], letter["state"]) == (CONSUMER, event["id"], "open")
    assert letter["replays_itself"] is False
    whole = (await client.get(f"{LETTERS}/{letter['id']}")).json()
    assert orjson.loads(whole["raw"]) == event


async def test_the_reason_may_come_before_its_letter(client, arriving):
    event = arriving.made()
    await arriving.failure(event["id"], problem="early")
    await arriving.brings(event, f"dead-letters.{CONSUMER}")
    assert [reason["problem"] for reason in (await listed(client))[0]["reasons"]] == ["early"]


async def test_a_dead_letter_is_listed_once_and_only_to_its_tenant(client, arriving, acting_as):
    event = await dead(arriving)
    await arriving.brings(event, f"dead-letters.{CONSUMER}")
    await dead(arriving, tenantid="acme")
    (mine,) = await listed(client)
    (theirs,) = await listed(acting_as(Principal("ann", "acme")))
    assert mine["event"] == event["id"] != theirs["event"]
    assert (await client.get(f"{LETTERS}/{theirs['id']}")).problem[0] == "events.unknown-dead-letter"
    assert (await client.delete(f"{LETTERS}/{theirs['id']}")).problem[0] == "events.unknown-dead-letter"


async def test_replaying_brings_the_same_bytes_to_the_consumer_and_closes_the_letter(client, arriving, peers):
    event = await dead(arriving, "a bug that is mended by now")
    (letter,) = await listed(client)
    peers[CONSUMER].answers(204, method="POST", path=DELIVERY)
    answer = await client.post(f"{LETTERS}/{letter['id']}/replay")
    assert answer.json() == {"id": letter["id"], "outcome": "done"}
    sent = [request for request in peers[CONSUMER].requests if request.path == DELIVERY]
    assert [orjson.loads(request.body) for request in sent] == [event]
    (letter,) = await listed(client)
    assert (letter["state"], letter["replays"]) == ("replayed", 1)


@pytest.mark.parametrize(("status", "outcome"), [(503, "again"), (404, "refused")])
async def test_a_letter_that_its_consumer_still_does_not_take_stays_open(client, arriving, peers, status, outcome):
    await dead(arriving, "still broken")
    (letter,) = await listed(client)
    peers[CONSUMER].answers(status, method="POST", path=DELIVERY)
    assert (await client.post(f"{LETTERS}/{letter['id']}/replay")).json()["outcome"] == outcome
    assert (await listed(client))[0]["state"] == "open"


async def test_a_consumer_that_is_away_is_named_as_the_one_at_fault(client, arriving, peers):
    await dead(arriving)
    (letter,) = await listed(client)
    peers[CONSUMER].fails("dead")
    answer = await client.post(f"{LETTERS}/{letter['id']}/replay")
    assert answer.problem == ("peer.unavailable", 503, CONSUMER)


async def test_no_transaction_is_open_while_a_letter_is_brought_and_nobody_else_brings_it(
    client, arriving, peers, database
):
    await dead(arriving, "mended")
    (letter,) = await listed(client)
    replay = f"{LETTERS}/{letter['id']}/replay"
    seen = []

    async def slowly(request: Seen, raw: web.BaseRequest) -> web.StreamResponse:
        if request.path == DELIVERY:
            seen.append(await holding(database))
            seen.append((await client.post(replay)).problem)
        return web.Response(status=204, headers={"x-trace-id": "0" * 31 + "1"})

    peers[CONSUMER].reacts(slowly).answers(json=TOPICS, method="GET", path="/dapr/subscribe")
    assert (await client.post(replay)).json()["outcome"] == "done"
    assert seen == [0, ("events.dead-letter-busy", 409, "event-processor")]
    assert (await client.post(replay)).json()["outcome"] == "done"  # its claim is over


async def test_one_that_does_not_subscribe_any_more_is_told_what_it_does_and_gets_nothing(client, arriving, peers):
    await dead(arriving, "mended", kind="airtable-connector.record-deleted.v1")
    (letter,) = await listed(client)
    answer = await client.post(f"{LETTERS}/{letter['id']}/replay")
    assert answer.problem == ("events.not-subscribed", 422, "event-processor")
    assert "airtable-connector.record-created, airtable-connector.record-updated" in answer.json()["detail"]
    assert not [request for request in peers[CONSUMER].requests if request.path.startswith("/dapr/events")]
    assert (await client.post(f"{LETTERS}/replay", json={})).json()["letters"][0]["outcome"] == "refused"


async def test_chosen_letters_are_replayed_the_oldest_first(client, arriving, peers):
    for subject in ("a", "b"):
        await dead(arriving, "mended", subject=subject)
    other = await dead(arriving, "mended", kind=UPDATED.replace("updated", "created"))
    peers[CONSUMER].answers(204, method="POST", path=DELIVERY)
    answer = (await client.post(f"{LETTERS}/replay", json={"type": UPDATED})).json()
    assert [letter["outcome"] for letter in answer["letters"]] == ["done", "done"]
    assert answer["left"] == 0
    assert [letter["event"] for letter in await listed(client, state="open")] == [other["id"]]


async def test_letters_are_purged_one_by_one_or_as_chosen_and_their_events_stay(client, arriving):
    event = await dead(arriving)
    await arriving.brings(event)
    for _ in range(2):
        await dead(arriving)
    first = (await listed(client))[-1]
    assert (await client.delete(f"{LETTERS}/{first['id']}")).status == 204
    assert (await client.post(f"{LETTERS}/purge", json={"consumer": CONSUMER})).json() == {"purged": 2}
    assert await listed(client) == []
    assert (await client.get(f"/api/v1/events/{event['id']}")).status == 200


async def test_what_is_no_event_can_be_looked_at_but_not_replayed(client, arriving):
    await arriving.brings(b"\xffnonsense", f"dead-letters.{CONSUMER}")
    (letter,) = await listed(client)
    answer = await client.post(f"{LETTERS}/{letter['id']}/replay")
    assert answer.problem == ("events.unreadable-dead-letter", 422, "event-processor")
    assert (await client.get(f"{LETTERS}/{letter['id']}")).json()["raw"] == "\ufffdnonsense"
    assert (await client.post(f"{LETTERS}/replay", json={})).json()["letters"][0]["outcome"] == "refused"


@pytest.fixture
def by_itself(client, app, dapr):
    """The job, when every pause is over."""

    async def run():
        db = app.state.chassis.container[Database]
        async with db.change(Principal("test", "local")) as change:
            await change.execute(text("UPDATE dead_letters SET replay_after = '-infinity' WHERE replay_after > now()"))
        headers = {"dapr-api-token": client.headers["dapr-api-token"]}
        assert (await client.post("/job/replay-dead-letters", headers=headers)).status == 200

    return run


async def test_what_failed_on_the_way_is_replayed_by_itself(client, arriving, peers, by_itself):
    await dead(arriving, PASSES)
    await dead(arriving)  # its consumer was not even there to tell why
    await dead(arriving, "a bug: it stays for people")
    peers[CONSUMER].answers(204, method="POST", path=DELIVERY)
    assert [letter["replays_itself"] for letter in await listed(client)] == [False, True, True]
    await by_itself()
    assert [letter["state"] for letter in await listed(client)] == ["open", "replayed", "replayed"]


async def test_it_gives_up_by_itself_after_five_tries(client, arriving, peers, by_itself):
    await dead(arriving, PASSES)
    peers[CONSUMER].answers(503, method="POST", path=DELIVERY)
    for _ in range(TRIES + 2):
        await by_itself()
    (letter,) = await listed(client)
    assert (letter["replays"], letter["replays_itself"], letter["state"]) == (TRIES, False, "open")
    assert len([request for request in peers[CONSUMER].requests if request.path == DELIVERY]) == TRIES
