"""A request sent twice with one Idempotency-Key is done once, and answered the same."""

import asyncio
from base64 import b64encode

import asyncpg
import pytest

from chassis import Ended, KeptAnswer

from .test_audit import sweep

KEY = {"idempotency-key": "k1"}


async def count(client) -> int:
    return (await client.get("/notes/count")).json()


async def test_a_repeated_key_gets_the_first_answer_again(client, audit):
    first = await client.post("/notes", json={"text": "x"}, headers=KEY)
    again = await client.post("/notes", json={"text": "x"}, headers=KEY)
    assert (again.status, again.body) == (first.status, first.body) == (201, first.body)
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert await count(client) == 1
    assert await audit.only() == ("note.add", "succeeded")


async def test_the_key_with_another_body_is_refused(client, audit):
    await client.post("/notes", json={"text": "x"}, headers=KEY)
    answer = await client.post("/notes", json={"text": "y"}, headers=KEY)
    assert answer.problem == ("request.key-reused", 422, "note-service")
    assert await count(client) == 1
    assert [entry["outcome"] for entry in await audit.entries()] == ["succeeded", "failed"]


async def test_a_key_belongs_to_one_tenant_and_one_person(client, dapr):
    await client.post("/notes", json={"text": "x"}, headers=KEY)
    other = {**KEY, "authorization": f"Bearer {dapr.token(tenant='acme')}"}
    assert "idempotency-replayed" not in (await client.post("/notes", json={"text": "x"}, headers=other)).headers
    colleague = {**KEY, "authorization": f"Bearer {dapr.token(user='eve')}"}
    answer = await client.post("/notes", json={"text": "x"}, headers=colleague)
    assert answer.problem[0] == "request.key-reused"


async def test_the_same_request_still_under_way_is_told_when_to_come_back_and_leaves_no_entry(client, notes, audit):
    notes.go_on.clear()
    first = asyncio.create_task(client.post("/notes", json={"text": "x"}, headers=KEY))
    await notes.begun.wait()
    answer = await client.post("/notes", json={"text": "x"}, headers=KEY)
    assert answer.problem == ("request.under-way", 409, "note-service")
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["x-platform-unaudited"] == "1", "the gateway expects an entry"
    notes.go_on.set()
    assert (await first).status == 201
    assert (await client.post("/notes", json={"text": "x"}, headers=KEY)).body == (await first).body
    assert await audit.only() == ("note.add", "succeeded")


async def test_of_many_at_once_one_is_done(client):
    answers = await asyncio.gather(*(client.post("/notes", json={"text": "x"}, headers=KEY) for _ in range(8)))
    assert {answer.status for answer in answers} <= {201, 409}
    done = {answer.body for answer in answers if answer.status == 201}
    assert len(done) == 1
    assert await count(client) == 1


async def test_a_request_that_failed_can_be_sent_again_with_its_key(client):
    for _ in range(2):
        answer = await client.post("/notes", json={"text": "forbidden"}, headers=KEY)
        assert answer.problem[0] == "note.not-yours"


async def test_a_request_cut_off_leaves_its_key_free(client, notes):
    notes.go_on.clear()
    late = await client.post("/notes", json={"text": "x"}, headers={**KEY, "x-timeout-ms": "100"})
    assert late.status == 504
    notes.go_on.set()
    assert (await client.post("/notes", json={"text": "x"}, headers=KEY)).status == 201
    assert await count(client) == 1


async def test_a_key_is_forgotten_after_a_day(client, database):
    await client.post("/notes", json={"text": "x"}, headers=KEY)
    connection = await asyncpg.connect(database)
    await connection.execute("UPDATE idempotency SET created_at = now() - interval '25 hours'")
    await connection.close()
    assert (await client.post("/notes", json={"text": "y"}, headers=KEY)).status == 201
    assert await count(client) == 2


async def test_an_answer_that_was_a_stream_is_not_kept_and_its_request_not_repeated(client):
    await client.post("/notes/stream", headers=KEY)
    answer = await client.post("/notes/stream", headers=KEY)
    assert answer.problem[0] == "request.answer-not-kept"
    assert await count(client) == 1


async def kept(database: str) -> bytes:
    """Every byte that is kept of every answer."""
    connection = await asyncpg.connect(database)
    rows = await connection.fetch("SELECT idempotency::text AS all FROM idempotency")
    await connection.close()
    return "\n".join(row["all"] for row in rows).encode()


async def test_what_is_kept_of_an_answer_cannot_be_read_in_the_database(client, database):
    secret = "whsec-shown-once"
    answer = await client.post("/notes", json={"text": secret}, headers=KEY)
    assert secret.encode() in answer.body
    found = await kept(database)
    assert b"k1" in found
    for form in (secret.encode(), secret.encode().hex().encode(), b64encode(secret.encode())[:-4]):
        assert form not in found
    assert (await client.post("/notes", json={"text": secret}, headers=KEY)).body == answer.body


async def test_an_answer_moved_to_another_key_is_not_given(client, database):
    await client.post("/notes", json={"text": "x"}, headers=KEY)
    await client.post("/notes", json={"text": "x"}, headers={"idempotency-key": "k2"})
    connection = await asyncpg.connect(database)
    await connection.execute("""
        UPDATE idempotency SET sealed = (SELECT sealed FROM idempotency WHERE key = 'k1') WHERE key = 'k2'
    """)
    await connection.close()
    answer = await client.post("/notes", json={"text": "x"}, headers={"idempotency-key": "k2"})
    assert answer.problem[0] == "request.answer-not-kept"


async def test_after_the_apps_key_was_changed_a_request_is_still_done_once_though_its_answer_is_gone(client, dapr):
    first = await client.post("/notes", json={"text": "x"}, headers=KEY)
    del dapr.secrets["service-key/note-service"]
    dapr.service_key("note-service")
    client.app.state.chassis.secrets._known.clear()  # a minute later
    answer = await client.post("/notes", json={"text": "x"}, headers=KEY)
    assert answer.problem[0] == "request.answer-not-kept"
    assert first.headers["x-trace-id"] in answer.json()["detail"]
    assert await count(client) == 1


async def test_a_key_that_is_too_long_is_refused(client):
    answer = await client.post("/notes", json={"text": "x"}, headers={"idempotency-key": "k" * 256})
    assert answer.problem[0] == "request.malformed"


async def test_an_effect_outside_is_tried_once_and_answered_again(client, notes):
    notes.go_on.clear()
    first = asyncio.create_task(client.post("/notes/letters", json={"text": "a"}, headers=KEY))
    await notes.begun.wait()
    assert (await client.post("/notes/letters", json={"text": "a"}, headers=KEY)).problem[0] == "request.under-way"
    notes.go_on.set()
    assert (await first).status == 201
    again = await client.post("/notes/letters", json={"text": "a"}, headers=KEY)
    assert (again.body, again.headers["idempotency-replayed"]) == ((await first).body, "true")
    assert notes.sent == ["a"]


async def test_a_refused_effect_frees_its_key(client, notes):
    for _ in range(2):
        await client.post("/notes/letters", json={"text": "refused"}, headers=KEY)
    assert notes.sent == ["refused", "refused"]


@pytest.mark.parametrize(
    ("found", "code"), [(Ended("succeeded"), "request.answer-not-kept"), (Ended("unknown"), "request.answer-not-kept")]
)
async def test_an_effect_that_was_lost_is_not_tried_again_with_its_key(client, notes, database, found, code):
    await client.post("/notes/letters", json={"text": "lost"}, headers=KEY)
    assert (await client.post("/notes/letters", json={"text": "lost"}, headers=KEY)).problem[0] == "request.under-way"
    notes.ends["lost"] = found
    await sweep(client, database)
    answer = await client.post("/notes/letters", json={"text": "lost"}, headers=KEY)
    assert answer.problem[0] == code
    assert "letter lost" in answer.json()["detail"]
    assert notes.sent == ["lost"]


async def test_a_key_whose_answer_was_lost_gets_the_one_that_was_found_out(client, notes, database):
    await client.post("/notes/letters", json={"text": "lost"}, headers=KEY)
    found = KeptAnswer(201, [(b"content-type", b"application/json"), (b"x-letter", b"7")], b'{"letter":"lost"}')
    notes.ends["lost"] = Ended("succeeded", answer=found)
    await sweep(client, database)
    for _ in range(2):
        answer = await client.post("/notes/letters", json={"text": "lost"}, headers=KEY)
        assert (answer.status, answer.body) == (201, found.body)
        assert (answer.headers["x-letter"], answer.headers["idempotency-replayed"]) == ("7", "true")
    assert notes.sent == ["lost"]
    assert found.body not in await kept(database)


async def test_a_lost_effect_that_never_happened_is_tried_again_with_its_key(client, notes, database):
    await client.post("/notes/letters", json={"text": "lost"}, headers=KEY)
    notes.ends["lost"] = Ended("failed")
    await sweep(client, database)
    assert (await client.post("/notes/letters", json={"text": "lost"}, headers=KEY)).status == 201
    assert notes.sent == ["lost", "lost"]
