"""The database is brought to what the code knows: once, forwards only."""

import asyncio
import shutil
from pathlib import Path

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

import chassis
from chassis import ConfigError
from chassis._migrations import history, new
from chassis._tables import metadata

from . import notes

APP = Path(notes.__file__).parent / "migrations"
CHASSIS = Path(chassis.__file__).parent / "migrations"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the app's migrations, which the app uses instead."""
    shutil.copytree(APP, tmp_path / "migrations")
    monkeypatch.setattr("chassis._database.migrations_of", lambda settings: tmp_path / "migrations")
    return tmp_path / "migrations"


async def ask(url: str, statement: str) -> list:
    connection = await asyncpg.connect(url)
    try:
        return [row[0] for row in await connection.fetch(statement)]
    finally:
        await connection.close()


async def test_an_empty_database_gets_the_tables_of_every_app_and_the_apps_own(db, url):
    tables = set(await ask(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))

    assert tables >= {*metadata.tables, "notes", "alembic_version", "chassis_version"}


async def test_the_migrated_tables_are_those_the_code_uses(db, url):
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://").partition("?")[0])

    def differences(connection) -> list:
        ours = {"include_name": lambda name, kind, _: kind != "table" or name in metadata.tables}
        return compare_metadata(MigrationContext.configure(connection, opts=ours), metadata)

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_a_second_start_changes_nothing(db, connect, capsys):
    capsys.readouterr()

    await connect().start()

    assert "migrated" not in capsys.readouterr().out


async def test_a_start_with_nothing_to_migrate_leaves_alembic_alone(db, connect, monkeypatch):
    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("chassis._database.migrate", never)
    await connect().start()


async def test_replicas_that_start_at_once_migrate_once(connect, url, folder, capsys):
    (folder / "0002_count_starts.py").write_text(
        "from alembic import op\n"
        "revision = '0002_count_starts'\n"
        "down_revision = '0001_notes'\n"
        "def upgrade():\n"
        "    op.execute('SELECT pg_sleep(0.2)')\n"
        "    op.execute('CREATE TABLE starts (id int)')\n"
        "    op.execute('INSERT INTO starts VALUES (1)')\n"
    )

    await asyncio.gather(*(connect().start() for _ in range(4)))

    assert await ask(url, "SELECT count(*) FROM starts") == [1]
    assert capsys.readouterr().out.count("0002_count_starts") == 1


async def test_a_later_version_is_added_to_data_that_stays(db, connect, url, folder):
    await ask(url, "INSERT INTO notes (tenant, text) VALUES ('local', 'old')")
    new(folder, "Add the colour of a note").write_text(
        "from alembic import op\n"
        "from sqlalchemy import Column, Text\n"
        "revision = '0002_add_the_colour_of_a_note'\n"
        "down_revision = '0001_notes'\n"
        "def upgrade():\n"
        "    op.add_column('notes', Column('colour', Text, server_default='red'))\n"
    )

    await connect().start()

    assert await ask(url, "SELECT text || ' ' || colour FROM notes") == ["old red"]


async def test_a_failing_version_leaves_nothing_of_itself_and_keeps_those_before_it(connect, url, folder):
    (folder / "0002_break.py").write_text(
        "from alembic import op\n"
        "revision = '0002_break'\n"
        "down_revision = '0001_notes'\n"
        "def upgrade():\n"
        "    op.execute('CREATE TABLE half (id int)')\n"
        "    op.execute('SELECT 1 / 0')\n"
    )

    with pytest.raises(Exception, match="division by zero"):
        await connect().start()

    assert await ask(url, "SELECT version_num FROM alembic_version") == ["0001_notes"]
    assert await ask(url, "SELECT count(*) FROM pg_tables WHERE tablename = 'half'") == [0]


@pytest.mark.parametrize("table", ["alembic_version", "chassis_version"])
async def test_a_newer_database_is_refused_and_left_alone(db, connect, url, table):
    await ask(url, f"UPDATE {table} SET version_num = '0009_from_the_future'")

    with pytest.raises(ConfigError, match="note-service: is at version 0009_from_the_future, which this code does not"):
        await connect().start()

    assert await ask(url, f"SELECT version_num FROM {table}") == ["0009_from_the_future"]


async def test_a_table_that_others_use_is_waited_for_only_briefly(db, connect, folder, url, who, monkeypatch):
    monkeypatch.setattr("chassis._database.MIGRATION_LOCK_WAIT", 0.2)
    (folder / "0002_colour.py").write_text(
        "from alembic import op\n"
        "revision = '0002_colour'\n"
        "down_revision = '0001_notes'\n"
        "def upgrade():\n"
        "    op.execute('ALTER TABLE notes ADD COLUMN colour text')\n"
    )
    async with db.read(who) as read:
        await read.execute(text("SELECT * FROM notes"))
        with pytest.raises(chassis.DatabaseBusy):
            await connect().start()

    await connect().start()


async def test_an_index_is_made_without_a_lock_also_when_replicas_start_at_once(connect, url, folder):
    (folder / "0002_index.py").write_text(
        "from alembic import op\n"
        "revision = '0002_index'\n"
        "down_revision = '0001_notes'\n"
        "def upgrade():\n"
        "    with op.get_context().autocommit_block():\n"
        "        op.create_index('notes_tenant', 'notes', ['tenant'], postgresql_concurrently=True)\n"
    )

    await asyncio.gather(*(connect().start() for _ in range(3)))

    assert await ask(url, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'notes_tenant'::regclass") == [True]
    assert await ask(url, "SELECT version_num FROM alembic_version") == ["0002_index"]


async def test_a_migration_that_is_interrupted_is_undone_and_done_by_the_next_start(connect, url, folder):
    (folder / "0002_slow.py").write_text(
        "from alembic import op\n"
        "revision = '0002_slow'\n"
        "down_revision = '0001_notes'\n"
        "def upgrade():\n"
        "    op.execute('CREATE TABLE slow (id int)')\n"
        "    op.execute('SELECT pg_sleep(0.5)')\n"
    )
    starting = asyncio.create_task(connect().start())
    asleep = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(0.5)'"
    while await ask(url, asleep) == [0]:
        assert not starting.done()
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    assert await ask(url, "SELECT count(*) FROM pg_tables WHERE tablename = 'slow'") == [0]

    await connect().start()

    assert await ask(url, "SELECT version_num FROM alembic_version") == ["0002_slow"]


def test_every_apps_versions_are_one_line_of_history():
    folders = [CHASSIS, APP, *Path(chassis.__file__).parents[1].glob("apps/*/migrations")]

    assert all(history(folder) for folder in folders)


def test_a_new_version_follows_the_newest(folder):
    path = new(folder, "Add the colour of a note, which people choose")

    assert path.name == "0002_add_the_colour_of_a_note_wh.py"
    assert history(folder) == ["0001_notes", path.stem]


def test_the_first_version_of_an_app_begins_its_history(tmp_path):
    assert new(tmp_path / "migrations", "notes").name == "0001_notes.py"
    assert history(tmp_path / "migrations") == ["0001_notes"]


def test_a_message_without_a_word_is_refused(tmp_path):
    with pytest.raises(ValueError, match="say in a few words"):
        new(tmp_path / "migrations", "…")


def test_two_newest_versions_are_refused(folder):
    for name in ("0002_mine", "0002_yours"):
        (folder / f"{name}.py").write_text(f"revision = '{name}'\ndown_revision = '0001_notes'\ndef upgrade(): ...\n")

    with pytest.raises(ValueError, match="more than one newest version: 0002_mine, 0002_yours"):
        history(folder)


def test_a_version_named_unlike_its_file_is_refused(folder):
    (folder / "0002_colour.py").write_text("revision = 'a1b2'\ndown_revision = '0001_notes'\ndef upgrade(): ...\n")

    with pytest.raises(ValueError, match="name file and revision 0002_"):
        history(folder)
