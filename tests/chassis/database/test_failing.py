"""A database that is away, slow, busy or gone in the middle is named, never a 500, and found again."""

import asyncio
import os
import signal
import socket

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from chassis import (
    Database,
    DatabaseAnswerLost,
    DatabaseBusy,
    DatabaseTimeout,
    DatabaseUnavailable,
    SecretMissing,
    Secrets,
    _database,
)
from chassis._logs import Log
from chassis._mesh import Mesh
from chassis._telemetry import Metrics

from .notes.settings import Settings

SELECT = text("SELECT 1")
OPEN = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'note-service'"


async def select(db, who, statement=SELECT):
    async with db.read(who) as read:
        return await read.scalar(statement)


async def until_it_answers(db, who) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                await select(db, who)
                return
            except DatabaseUnavailable:
                await asyncio.sleep(0.05)


async def test_a_statement_that_takes_too_long_is_stopped_and_the_connection_goes_on(connect, who):
    db = connect(database_statement_timeout=0.2, database_pool=1)

    with pytest.raises(DatabaseTimeout) as refused:
        await select(db, who, text("SELECT pg_sleep(30)"))

    assert (refused.value.code, refused.value.status) == ("database.timeout", 504)
    assert refused.value.service == "note-service"
    assert await select(db, who) == 1


async def test_no_more_connections_than_the_setting_and_the_next_is_told_to_come_again(connect, who):
    db = connect(database_statement_timeout=0.3, database_pool=2)
    async with db.read(who), db.read(who):
        with pytest.raises(DatabaseBusy) as refused:
            await select(db, who)

    assert (refused.value.code, refused.value.status) == ("database.busy", 503)
    assert refused.value.headers == {"Retry-After": "1"}
    assert await select(db, who) == 1


async def test_a_pool_whose_connections_all_work_is_ready(connect, who):
    db = connect(database_pool=1)
    async with db.read(who):
        assert await db.ready() is None


async def test_the_metrics_tell_how_many_connections_are_at_work(dapr, url, who):
    settings = Settings(**dapr.settings(), database_pool=2)
    mesh, metrics = Mesh(settings), Metrics(settings.app_id)
    db = Database(settings, Secrets(mesh), Log(settings.app_id), metrics)

    def told() -> list[float | None]:
        kinds = ("allowed", "busy")
        return [metrics.registry.get_sample_value("database_connections", {"kind": kind}) for kind in kinds]

    async with db.read(who):
        assert told() == [2, 1]
    assert told() == [2, 0]
    await db.stop()
    await mesh.aclose()


async def test_a_connection_nobody_uses_is_ended_and_the_next_statement_does_not_notice(connect, who, url, monkeypatch):
    monkeypatch.setattr(_database, "UNUSED", 0.2)
    db = connect(database_pool=2)
    async with db.read(who), db.read(who):
        pass
    watcher = await asyncpg.connect(url)
    async with asyncio.timeout(10):
        while await watcher.fetchval(OPEN):  # noqa: ASYNC110  another process has no Event
            await asyncio.sleep(0.05)
    await watcher.close()

    assert await select(db, who) == 1


async def test_one_statement_after_the_other_leaves_all_connections_but_one_at_rest(connect, who):
    db = connect(database_pool=3)
    pid = text("SELECT pg_backend_pid()")
    async with db.read(who), db.read(who), db.read(who):
        pass

    assert len({await select(db, who, pid) for _ in range(6)}) == 1


async def test_of_two_changes_that_wait_for_each_other_one_is_undone_and_told_to_come_again(connect, who, url):
    db = connect(database_pool=2)
    owner = await asyncpg.connect(url)
    await owner.execute("CREATE TABLE pair (id int); INSERT INTO pair VALUES (1), (2)")
    await owner.close()
    met = asyncio.Barrier(2)

    async def lock(first: int, second: int) -> None:
        async with db.change(who) as change:
            for each in (first, second):
                await change.execute(text("SELECT 1 FROM pair WHERE id = :id FOR UPDATE"), {"id": each})
                if each == first:
                    await met.wait()

    ended = await asyncio.gather(lock(1, 2), lock(2, 1), return_exceptions=True)

    assert sorted(type(one) for one in ended if one) == [DatabaseBusy]


async def test_an_app_whose_database_does_not_run_says_so(connect, dapr, who):
    dapr.secrets["database-url/note-service"] = "postgresql://notes:secret@127.0.0.1:1/notes?sslmode=disable"
    db = connect()

    with pytest.raises(DatabaseUnavailable) as refused:
        await select(db, who)

    assert (refused.value.code, refused.value.status) == ("database.unavailable", 503)
    assert refused.value.headers == {"Retry-After": "1"}
    assert "secret" not in refused.value.detail
    assert await db.ready() == "its database (The database is not running, or not where it is looked for.)"


async def test_a_server_that_takes_connections_and_says_nothing_is_away(connect, dapr, who, monkeypatch):
    monkeypatch.setattr("chassis._database.CONNECT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        dapr.secrets["database-url/note-service"] = f"postgresql://notes:x@127.0.0.1:{port}/notes?sslmode=disable"

        with pytest.raises(DatabaseUnavailable, match="does not answer"):
            await select(connect(), who)


async def test_a_login_that_is_refused_says_so_without_the_password(connect, dapr, url, who):
    dapr.secrets["database-url/note-service"] = url.replace(":password@", ":wrong-one@")

    with pytest.raises(SecretMissing, match=r"^The database refuses this app's login\.$"):
        await select(connect(), who)


async def test_a_password_that_was_changed_is_read_again(connect, dapr, url, who):
    db = connect()
    right = dapr.secrets["database-url/note-service"]
    dapr.secrets["database-url/note-service"] = url.replace(":password@", ":old-one@")
    with pytest.raises(SecretMissing):
        await select(db, who)  # the wrong one is cached now

    dapr.secrets["database-url/note-service"] = right

    assert await select(db, who) == 1


async def test_an_app_that_may_not_read_its_address_says_which_secret(connect, dapr, who):
    del dapr.secrets["database-url/note-service"]

    with pytest.raises(SecretMissing, match="database-url/note-service"):
        await select(connect(), who)


async def test_a_killed_database_is_found_again_without_a_restart(db, who, postgres):
    await select(db, who)

    postgres.kill()
    with pytest.raises(DatabaseUnavailable):
        await select(db, who)
    await asyncio.to_thread(postgres.start)

    await until_it_answers(db, who)


async def test_a_connection_that_rested_is_asked_before_it_is_used(connect, who, monkeypatch):
    monkeypatch.setattr("chassis._database_pool.RESTED", 0.0)
    db = connect(database_pool=1)
    await select(db, who)
    asked: list[bool] = []

    def refuse(connection) -> None:
        asked.append(True)
        raise ConnectionResetError

    monkeypatch.setattr("sqlalchemy.dialects.postgresql.asyncpg.AsyncAdapt_asyncpg_connection.ping", refuse)

    assert await select(db, who) == 1
    assert asked == [True]


async def test_a_connection_in_steady_use_is_not_asked(connect, who, monkeypatch):
    db = connect(database_pool=1)
    await select(db, who)

    monkeypatch.setattr("sqlalchemy.dialects.postgresql.asyncpg.AsyncAdapt_asyncpg_connection.ping", None)

    assert await select(db, who) == 1


async def test_a_connection_whose_server_process_was_killed_is_replaced_unseen(connect, who, url):
    db = connect(database_pool=1)
    async with db.read(who) as read:
        backend = await read.scalar(text("SELECT pg_backend_pid()"))
    other = await asyncpg.connect(url)
    await other.execute(f"SELECT pg_terminate_backend({backend}, 5000)")
    await other.close()

    assert await select(db, who) == 1


async def test_a_change_whose_connection_dies_before_the_commit_is_unavailable(db, who, url):
    async def change_and_lose() -> None:
        async with db.change(who) as change:
            await lose(change, url)
            await change.execute(SELECT)

    with pytest.raises(DatabaseUnavailable):
        await change_and_lose()
    assert await select(db, who) == 1


async def test_a_change_whose_connection_dies_at_the_commit_says_that_nobody_knows(db, who, url):
    async def change_and_lose() -> None:
        async with db.change(who) as change:
            await change.execute(text("CREATE TABLE maybe (id int)"))
            await lose(change, url)

    with pytest.raises(DatabaseAnswerLost) as refused:
        await change_and_lose()
    assert (refused.value.code, refused.value.status) == ("database.answer-lost", 502)
    assert refused.value.headers == {}


async def lose(change, url) -> None:
    backend = await change.scalar(text("SELECT pg_backend_pid()"))
    other = await asyncpg.connect(url)
    await other.execute(f"SELECT pg_terminate_backend({backend}, 5000)")
    await other.close()


async def test_a_server_that_hangs_is_away_and_its_connection_is_dropped(connect, who, postgres, url, monkeypatch):
    monkeypatch.setattr("chassis._database.GRACE", 0.1)
    monkeypatch.setattr("chassis._database.CONNECT", 0.3)
    db = connect(database_statement_timeout=0.2, database_pool=1)

    async def hang() -> None:
        async with db.read(who) as read:
            backend = await read.scalar(text("SELECT pg_backend_pid()"))
            os.kill(backend, signal.SIGSTOP)
            try:
                await read.scalar(SELECT)
            finally:
                os.kill(backend, signal.SIGCONT)

    async with asyncio.timeout(10):
        with pytest.raises(DatabaseUnavailable, match="does not answer"):
            await hang()
        assert await select(db, who) == 1


async def test_a_failing_statement_does_not_put_its_values_into_the_error(db, who):
    async def write() -> None:
        async with db.change(who) as change:
            await change.execute(text("INSERT INTO notes (text) VALUES (:text)"), {"text": "something private"})

    with pytest.raises(IntegrityError) as failed:
        await write()
    assert "something private" not in str(failed.value)
