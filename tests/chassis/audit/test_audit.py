"""What an unsafe request leaves in the audit trail: one entry, whatever becomes of it."""

import asyncio
import re

import asyncpg
import jwt
import orjson
import pytest

from chassis._audit_relay import Ended, Sweeper
from chassis.testing import AppClient
from contracts.audit_service import Entry, canonical
from tests.chassis.sidecars import until

from .notes.app import create
from .notes.settings import Settings

SPACE = re.compile(rb"[:,] ")


async def rows(database: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(database)
    try:
        return await connection.fetch("SELECT * FROM audit_outbox ORDER BY created_at, id")
    finally:
        await connection.close()


async def sweep(client, database: str) -> int:
    """As if the time of every unsettled entry had come."""
    connection = await asyncpg.connect(database)
    await connection.execute("UPDATE audit_outbox SET held_until = now() - interval '1 s' WHERE held_until IS NOT NULL")
    await connection.close()
    return await client.app.state.chassis.container[Sweeper].sweep()


async def test_a_change_leaves_an_entry_that_says_who_did_what_to_what(client, audit):
    told = {"user-agent": "curl/8", "x-request-id": "mine", "x-platform-client-address": "192.0.2.7"}
    answer = await client.post("/notes", json={"text": "a note"}, headers=told)
    assert answer.status == 201
    (entry,) = await audit.entries()
    assert entry == {
        "id": entry["id"],
        "version": 1,
        "tenant": "local",
        "occurred_at": entry["occurred_at"],
        "action": "note.add",
        "outcome": "succeeded",
        "actor": {"type": "user", "id": "developer"},
        "service": "note-service",
        "targets": [{"type": "note", "id": str(answer.json()["id"])}],
        "request_id": "mine",
        "trace_id": answer.headers["x-trace-id"],
        "context": {"method": "POST", "route": "/notes", "address": "192.0.2.7", "user_agent": "curl/8"},
        "metadata": {"length": 6},
    }


async def test_the_bytes_sent_are_those_the_contract_calls_canonical(client, audit, dapr):
    await client.post("/notes", json={"text": "ü"})
    await client.post("/notes", json={"text": "forbidden"})
    await audit.entries()
    for line in dapr.audit.lines:
        assert canonical(Entry.model_validate_json(line)) == line
        assert not SPACE.search(line)


@pytest.mark.parametrize(
    ("body", "status", "outcome", "code"),
    [
        ({"text": "forbidden"}, 403, "denied", "note.not-yours"),
        ({"text": 7}, 422, "failed", "request.invalid"),
        (None, 422, "failed", "request.invalid"),
        ({"text": "bug"}, 500, "failed", "app.internal"),
    ],
)
async def test_what_does_not_succeed_changes_nothing_and_leaves_its_entry_before_the_answer(
    client, audit, database, body, status, outcome, code
):
    answer = await client.post("/notes", json=body)
    assert answer.status == status
    assert await audit.only() == ("note.add", outcome)
    (entry,) = await audit.entries()
    assert entry["code"] == answer.json()["code"]
    assert b"pya_secret" not in orjson.dumps(entry)
    assert (await client.get("/notes/count")).json() == 0


async def test_a_failed_change_names_its_target_too(client, audit):
    await client.post("/notes", json={"text": "forbidden"})
    (entry,) = await audit.entries()
    assert entry["targets"][0]["type"] == "note"


async def test_a_request_that_runs_out_of_time_has_failed(client, audit, notes):
    notes.go_on.clear()
    answer = await client.post("/notes", json={"text": "slow"}, headers={"x-timeout-ms": "100"})
    assert answer.status == 504
    assert await audit.only() == ("note.add", "failed")
    assert (await client.get("/notes/count")).json() == 0


async def test_a_request_that_never_reached_its_route_has_its_entry(client, audit):
    answer = await client.post("/notes", json={"text": "x"}, headers={"x-timeout-ms": None})
    assert answer.status == 400
    assert await audit.only() == ("note.add", "failed")
    (entry,) = await audit.entries()
    assert (entry["actor"]["type"], entry["tenant"]) == ("anonymous", "platform")


async def test_an_unsafe_request_to_no_route_has_its_entry_and_no_path_in_it(client, audit):
    await client.post("/nothing/secret-7")
    assert await audit.only() == ("request.refuse", "failed")
    assert "secret-7" not in str((await audit.entries())[0]["context"])


async def test_an_unsafe_request_to_a_route_that_only_reads_has_its_entry(client, audit):
    assert (await client.put("/notes/count")).status == 405
    assert await audit.only() == ("request.refuse", "failed")


async def test_without_targets_an_entry_names_the_values_in_the_path(client, audit):
    assert (await client.delete("/notes/n1/words/a%20b")).status == 204
    (entry,) = await audit.entries()
    assert entry["targets"] == [{"type": "note", "id": "n1"}, {"type": "word", "id": "a b"}]
    assert entry["context"]["route"] == "/notes/{note}/words/{word}"


async def test_an_app_on_its_own_and_an_agent_are_named_as_such(client, audit, dapr):
    await client.post("/notes", json={"text": "x"}, headers=dapr.headers_from("reader-service"))
    assert (await audit.entries())[0]["actor"] == {"type": "service", "id": "reader-service"}


async def test_reads_and_routes_that_say_why_not_leave_none(client, audit):
    await client.get("/notes/count")
    assert (await client.post("/notes/counted")).status == 204
    assert await audit.entries() == []
    assert (await client.get("/notes/count")).json() == 1


async def test_all_changes_of_a_request_are_one_and_a_part_that_fails_is_undone_alone(client, audit):
    assert (await client.post("/notes/two")).status == 204
    assert (await client.get("/notes/count")).json() == 1
    assert await audit.only() == ("note.two", "succeeded")


async def test_a_stream_is_committed_before_its_first_part_leaves(client, audit):
    answer = await client.post("/notes/stream")
    assert (answer.status, answer.body) == (200, b"one two")
    assert await audit.only() == ("note.stream", "succeeded")


async def test_two_requests_of_one_id_are_two_entries(client, audit):
    for _ in range(2):
        await client.post("/notes", json={"text": "x"}, headers={"x-request-id": "the same"})
    assert len({entry["id"] for entry in await audit.entries()}) == 2


async def test_entries_wait_while_audit_service_is_away_and_one_it_refuses_stands_in_nobodys_way(
    client, audit, dapr, database
):
    dapr.audit.available = False
    await client.delete("/notes/1/words/2")
    await client.post("/notes", json={"text": "x"})
    assert len(await rows(database)) == 2
    assert dapr.audit.entries == []
    dapr.audit.available, dapr.audit.refuses = True, {"note.forget"}
    assert await audit.only() == ("note.add", "succeeded")
    (kept,) = await rows(database)
    assert kept["refused"].startswith("invalid: ")


async def test_entries_are_sent_in_the_apps_own_name(client, audit, dapr):
    await client.post("/notes", json={"text": "x"})
    await audit.entries()
    sent = dapr.peers["audit-service"].requests[0]
    assert sent.headers["content-type"] == "application/x-ndjson"
    claims = jwt.decode(sent.headers["authorization"].split()[1], options={"verify_signature": False})
    assert claims["iss"] == "service:note-service"


async def test_without_an_audit_service_in_the_mesh_entries_go_to_a_file(dapr, database, tmp_path):
    file = tmp_path / "audit" / "note-service-8000.ndjson"
    app = create(Settings(**dapr.settings(), audit_folder=str(tmp_path / "audit")))
    async with AppClient(app, dapr.headers()).running() as client:
        await client.post("/notes", json={"text": "x"})
        await until(file.exists)
    (line,) = file.read_bytes().splitlines()
    assert orjson.loads(line)["action"] == "note.add"
    assert file.stat().st_mode & 0o777 == 0o600
    assert dapr.audit.entries == []


async def test_the_entry_of_a_failure_waits_in_a_file_while_the_database_is_away(client, audit, postgres):
    await asyncio.to_thread(postgres.kill)
    answer = await client.post("/notes", json={"text": "x"})
    assert answer.problem[0] == "database.unavailable"
    await asyncio.to_thread(postgres.start)
    assert await audit.only() == ("note.add", "failed")


async def test_what_was_written_in_a_file_outlives_the_process(dapr, database, tmp_path, postgres, app, audit):
    async with AppClient(app, dapr.headers()).running() as client:
        await asyncio.to_thread(postgres.kill)
        await client.post("/notes", json={"text": "x"})
    assert list((tmp_path / "audit").iterdir())
    await asyncio.to_thread(postgres.start)
    async with AppClient(app, dapr.headers()).running():
        assert await audit.only() == ("note.add", "failed")


async def test_an_app_without_a_run_directory_leaves_a_file_only_while_entries_are_in_it(
    dapr, database, tmp_path, postgres, monkeypatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    settings = dapr.settings()
    homeless = create(Settings(**settings | {"platform_run_dir": ""}))
    made = set(tmp_path.iterdir())
    async with AppClient(homeless, dapr.headers()).running() as client:
        await client.post("/notes/nowhere")
        assert set(tmp_path.iterdir()) == made
        await asyncio.to_thread(postgres.kill)
        await client.post("/notes/nowhere")
        assert len(set(tmp_path.iterdir()) - made) == 1
        await asyncio.to_thread(postgres.start)
        await until(lambda: not [*tmp_path.rglob("*.spool"), *tmp_path.rglob("*.moving")])
    assert set(tmp_path.iterdir()) == made


async def test_an_effect_outside_is_intended_before_it_is_tried_and_one_entry_in_the_end(
    client, audit, notes, database
):
    notes.go_on.clear()
    asked = asyncio.create_task(client.post("/notes/letters", json={"text": "hello"}))
    await notes.begun.wait()
    (row,) = await rows(database)
    assert (orjson.loads(row["entry"])["outcome"], row["held_until"] is not None) == ("unknown", True)
    notes.go_on.set()
    assert (await asked).status == 201
    assert await audit.only() == ("letter.send", "succeeded")
    assert (await audit.entries())[0]["targets"] == [{"type": "letter", "id": "hello"}]


async def test_an_effect_that_was_refused_has_failed(client, audit):
    assert (await client.post("/notes/letters", json={"text": "refused"})).status == 409
    assert await audit.only() == ("letter.send", "failed")


@pytest.mark.parametrize(
    ("found", "outcome", "code"),
    [(Ended("succeeded"), "succeeded", None), (Ended("failed", "note.full"), "failed", "note.full")],
)
async def test_an_effect_whose_answer_was_lost_is_told_when_its_end_is_found(
    client, audit, notes, database, found, outcome, code
):
    await client.post("/notes/letters", json={"text": "lost"})
    assert await audit.entries() == []
    assert await sweep(client, database) == 0  # the app does not know yet
    notes.ends["lost"] = found
    assert await sweep(client, database) == 1
    assert await audit.only() == ("letter.send", outcome)
    assert (await audit.entries())[0].get("code") == code


async def test_an_app_that_intends_has_somebody_look_for_what_was_lost(client, dapr):
    await until(lambda: "settle-audit-entries" in dapr.jobs.registered)


async def test_the_age_of_what_waits_is_a_metric(client, dapr, database):
    dapr.audit.available = False
    await client.post("/notes", json={"text": "x"})
    metrics = client.app.state.chassis.metrics.registry
    await until(lambda: metrics.get_sample_value("audit_outbox_rows") == 1)
    assert metrics.get_sample_value("audit_outbox_oldest_seconds") > 0
