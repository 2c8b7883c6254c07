"""The real PostgreSQL of the wheel, as root and as an ordinary user."""

import asyncio
import shutil
from pathlib import Path

import asyncpg
import psutil
import pytest

from local import postgres_server
from local.credentials import Credentials
from local.errors import SetupError

from .servers import Running, Tier, command_lines, free_offset, query


def test_postgres_never_runs_as_root_and_shows_no_password(start, tier):
    tier.prepare()
    running = start(tier.postgres)

    process = psutil.Process(running.process.pid)
    assert all(one.uids().effective != 0 for one in [process, *process.children()])
    assert tier.credentials.postgres_password not in command_lines([running.process.pid])
    assert not list(tier.run_dir.glob("**/initdb.password"))
    assert not list((tier.run_dir / "postgres").glob("*.password"))


def test_postgres_data_survive_kill_9(start, tier):
    tier.prepare()
    running = start(tier.postgres)
    query(tier.administrator, "CREATE TABLE kept AS SELECT 42 AS answer")
    running.kill()
    tier.prepare()

    start(tier.postgres)

    assert query(tier.administrator, "SELECT answer FROM kept") == 42


def test_a_stop_does_not_wait_for_open_sessions(start, tier):
    tier.prepare()
    running = start(tier.postgres)

    async def stop_with_an_open_session() -> int:
        session = await asyncpg.connect(tier.administrator)
        try:
            return await asyncio.to_thread(running.stop, 5)
        finally:
            session.terminate()

    assert asyncio.run(stop_with_an_open_session()) == 0


def test_the_second_preparation_and_the_second_creation_change_nothing(start, tier):
    tier.prepare()
    running = start(tier.postgres)
    tier.after_start()
    url = tier.credentials.database_url("api-gateway")
    query(url, "CREATE TABLE kept AS SELECT 42 AS answer")
    running.stop()

    tier.prepare()
    start(tier.postgres)
    tier.after_start()

    assert tier.credentials.database_url("api-gateway") == url
    assert query(url, "SELECT answer FROM kept") == 42


def test_lost_secrets_lock_nobody_out_of_kept_data(start, tier):
    tier.prepare()
    running = start(tier.postgres)
    query(tier.administrator, "CREATE TABLE kept AS SELECT 42 AS answer")
    running.stop()
    for name in ("secrets.json", "launcher.key"):
        (tier.run_dir / name).unlink()
    renewed = Tier(tier.run_dir, tier.offset, Credentials.load_or_create(tier.run_dir))
    assert renewed.credentials.postgres_password != tier.credentials.postgres_password

    renewed.prepare()
    start(renewed.postgres)
    renewed.after_start()

    assert query(renewed.administrator, "SELECT answer FROM kept") == 42


def test_a_run_directory_made_anew_starts_without_old_data(start, tier):
    tier.prepare()
    running = start(tier.postgres)
    query(tier.administrator, "CREATE TABLE kept AS SELECT 42 AS answer")
    running.stop()
    shutil.rmtree(tier.run_dir)
    renewed = Tier(tier.run_dir, tier.offset, Credentials.load_or_create(tier.run_dir))

    renewed.prepare()
    start(renewed.postgres)

    assert query(renewed.administrator, "SELECT to_regclass('kept')") is None


def test_a_lock_file_that_names_a_strangers_process_does_not_stop_the_server(start, tier):
    tier.prepare()
    data = (tier.run_dir / "postgres" / "data").resolve()
    (data / "postmaster.pid").write_text("1\n")

    tier.prepare()
    assert not (data / "postmaster.pid").exists()
    start(tier.postgres)


def test_the_lock_file_of_a_running_server_is_left_alone(start, tier):
    tier.prepare()
    start(tier.postgres)

    tier.prepare()

    assert ((tier.run_dir / "postgres").resolve() / "data" / "postmaster.pid").exists()


def test_an_initialisation_that_was_cut_short_is_begun_again(start, tier):
    tier.prepare()
    home = (tier.run_dir / "postgres").resolve()
    (home / "data").rename(home / "data.new")
    (home / "data.new" / "PG_VERSION").unlink()

    tier.prepare()

    start(tier.postgres)


def test_data_of_another_major_version_are_named_and_left_alone(tier):
    tier.prepare()
    version = (tier.run_dir / "postgres").resolve() / "data" / "PG_VERSION"
    version.write_text("17\n")

    with pytest.raises(SetupError, match="made by PostgreSQL 17, this is 18"):
        tier.prepare()

    assert version.exists()


def test_clusters_of_deleted_temporary_run_directories_are_forgotten_and_no_others(tmp_path, monkeypatch):
    monkeypatch.setattr(postgres_server, "SYSTEM_DIRECTORY", tmp_path)
    (tmp_path / "living-run").mkdir()
    owners = {
        "gone": tmp_path / "deleted-run",
        "living": tmp_path / "living-run",
        "elsewhere": Path("/mnt/an/unmounted/disk/.run"),
        "running": tmp_path / "deleted-run",
        "killed": tmp_path / "deleted-run",
    }
    for name, owner in owners.items():
        (tmp_path / name / "data").mkdir(parents=True)
        (tmp_path / name / "run-directory").write_text(str(owner))
    for name in ("running", "killed"):
        (tmp_path / name / "data" / "postmaster.pid").write_text("1\n")
    monkeypatch.setattr(postgres_server, "process_serves", lambda pid, data: data.parent.name == "running")

    postgres_server._forget_temporary_runs()

    assert {name for name in owners if (tmp_path / name).exists()} == {"living", "elsewhere", "running"}


def test_as_an_ordinary_user_everything_stays_in_the_run_directory(as_ordinary_user):
    as_ordinary_user(_start_postgres_below)


def _start_postgres_below(folder: Path) -> None:
    tier = Tier(folder / "run", free_offset(), Credentials.load_or_create(folder / "run"))
    tier.prepare()
    running = Running(tier.postgres, folder / "postgres.log").until_ready()
    try:
        tier.after_start()
        assert query(tier.credentials.database_url("api-gateway"), "SELECT current_user") == "api_gateway"
        assert tier.postgres.user is None
        assert (tier.run_dir / "postgres" / "data" / "PG_VERSION").exists()
        assert not (tier.run_dir / "postgres").is_symlink()
    finally:
        assert running.stop() == 0
