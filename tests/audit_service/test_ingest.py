"""POST /ingest/entries: chained and durable before the receipt, once, and only in the sender's own name."""

import asyncio
from hashlib import sha256

import asyncpg
import pytest

from apps.audit_service.store import TrailStore
from chassis import current
from tests.audit_service.trail import an_entry


async def test_a_receipt_tells_the_index_and_the_hash_of_a_chain_over_the_exact_bytes(trail):
    lines = [an_entry() for _ in range(3)]
    reply = await trail.hand_in(lines)
    previous = bytes(32)
    for index, (line, receipt) in enumerate(zip(lines, reply.json()["receipts"], strict=True)):
        previous = sha256(previous + sha256(b"\0" + line).digest()).digest()
        assert (receipt["index"], receipt["hash"]) == (index, previous.hex())
    assert [
        bytes(row[0]) for row in await trail.as_app("SELECT entry FROM append_only.entries ORDER BY index")
    ] == lines


async def test_an_entry_that_comes_again_gets_its_first_receipt_and_is_not_chained_again(trail):
    first, second = an_entry(), an_entry()
    told = (await trail.hand_in([first, second, first])).json()["receipts"]
    assert told[2] == told[0]
    again = (await trail.hand_in([second, first])).json()["receipts"]
    assert again == [told[1], told[0]]
    assert (await trail.as_app("SELECT count(*) FROM append_only.chain"))[0][0] == 2


async def test_its_own_entries_come_through_its_own_sidecar_which_names_no_caller(client, dapr):
    headers = dapr.headers_from("audit-service", "platform") | {"dapr-caller-app-id": None}
    own = await client.post("/ingest/entries", body=an_entry(service="audit-service"), headers=headers)
    assert own.json()["receipts"][0]["index"] == 0
    others = dapr.headers_from("note-service") | {"dapr-caller-app-id": None}
    refused = await client.post("/ingest/entries", body=an_entry(), headers=others)
    assert refused.problem == ("identity.invalid-token", 401, "audit-service")


async def test_tenants_have_chains_of_their_own(trail):
    reply = await trail.hand_in([an_entry(), an_entry(tenant="other"), an_entry()])
    assert [receipt["index"] for receipt in reply.json()["receipts"]] == [0, 0, 1]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"{", "invalid"),
        (an_entry().replace(b'"version":1', b'"version":2'), "invalid"),
        (an_entry().replace(b"Quarterly review", b"Quarterly review\xff"), "invalid"),
        (an_entry(metadata={"a": 1}).replace(b'"a":1', b'"a":1.5'), "invalid"),
        (an_entry(metadata={"a": 1}).replace(b'"a":1', b'"a":' + b"[" * 40 + b"]" * 40), "invalid"),
        (an_entry().replace(b'"version":1', b'"version": 1'), "not-canonical"),
        (an_entry(metadata={"a": 1}).replace(b'"a":1', b'"a":1,"a":1'), "not-canonical"),
        (an_entry(metadata={"a": "x" * 70_000}), "too-large"),
        (an_entry(service="other-service"), "wrong-service"),
    ],
    ids=["json", "version", "utf-8", "float", "depth", "space", "twice", "large", "service"],
)
async def test_a_line_that_cannot_be_taken_is_refused_in_its_place_and_the_others_are_taken(trail, line, code):
    receipts = (await trail.hand_in([an_entry(), line, an_entry()])).json()["receipts"]
    assert receipts[1]["code"] == code
    assert receipts[1]["detail"]
    assert [receipts[0]["index"], receipts[2]["index"]] == [0, 1]


async def test_text_with_a_zero_character_is_kept_as_it_is(trail):
    line = an_entry(actor={"type": "user", "id": "a\0b"}, metadata={"note": "x\0y"})
    assert (await trail.hand_in([line])).json()["receipts"][0]["index"] == 0
    assert bytes((await trail.as_app("SELECT entry FROM append_only.entries"))[0][0]) == line


async def test_more_than_200_lines_are_refused(trail):
    reply = await trail.hand_in([an_entry() for _ in range(201)])
    assert reply.problem == ("audit.too-many-lines", 413, "audit-service")


async def test_people_hand_in_nothing(trail):
    reply = await trail.client.post("/ingest/entries", body=an_entry())
    assert reply.problem == ("audit.only-apps", 403, "audit-service")


async def test_what_many_requests_handed_in_is_written_in_the_context_of_none_of_them(app, trail, monkeypatch):
    """Else the first one's deadline would end the others' writing, and its trace would tell of theirs."""
    store, seen = app.state.chassis.container[TrailStore], []
    append = store.append

    async def noted(*arguments):
        seen.append(current())
        await append(*arguments)

    monkeypatch.setattr(store, "append", noted)
    await asyncio.gather(*(trail.hand_in([an_entry()]) for _ in range(3)))
    assert seen
    assert {(each.deadline, each.principal, each.sampled, each.authorization) for each in seen} == {
        (None, None, False, None)
    }


async def test_calls_at_the_same_time_make_one_chain_without_a_gap(trail):
    replies = await asyncio.gather(*(trail.hand_in([an_entry() for _ in range(20)]) for _ in range(20)))
    indexes = [receipt["index"] for reply in replies for receipt in reply.json()["receipts"]]
    assert sorted(indexes) == list(range(400))


class TestMoreThanMayWait:
    @pytest.fixture
    def extra(self):
        return {"waiting": 200}

    async def test_is_refused_and_can_be_handed_in_again(self, trail):
        holder = await asyncpg.connect(trail.urls.app)
        await holder.execute("SELECT pg_advisory_lock(hashtextextended('local', 0))")
        more = [an_entry() for _ in range(51)]
        async with asyncio.TaskGroup() as group:
            first = group.create_task(trail.hand_in([an_entry() for _ in range(150)]))
            while not await holder.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            assert (await trail.hand_in(more)).problem == ("audit.busy", 503, "audit-service")
            await holder.close()
        assert first.result().status == 200
        assert (await trail.hand_in(more)).status == 200
