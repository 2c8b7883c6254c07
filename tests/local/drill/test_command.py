"""What the drill refuses before it breaks anything."""

import os
from pathlib import Path

import pytest

from local.drill.command import Chosen, drill
from local.errors import SetupError
from local.run_dir import Entry, Record, RunDirectory, start_time


def running(tmp_path: Path, app: str, client: str = "") -> RunDirectory:
    """A mesh of one app whose launcher is this test."""
    run = RunDirectory(tmp_path / "run")
    run.prepare()
    launcher = {"pid": os.getpid(), "started": start_time(os.getpid())}
    run.write_record(Record(launcher, 0, [Entry(app, "app", app, 0)]))
    run.client_file.write_text(client)
    return run


def test_an_app_that_the_drill_does_not_know_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="the drill has no faults for note-service"):
        drill(running(tmp_path, "note-service"), Chosen())


def test_an_unknown_family_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"no such family: fire; there are .*process killed"):
        drill(running(tmp_path, "audit-service"), Chosen(families=["fire"]))


def test_the_real_airtable_is_refused(tmp_path: Path) -> None:
    run = running(tmp_path, "audit-service", "export PLATFORM_URL=http://127.0.0.1:9\nexport PLATFORM_KEY='k'\n")
    with pytest.raises(SetupError, match="simulated Airtable only"):
        drill(run, Chosen())


def test_where_nothing_runs_nothing_is_broken(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="nothing runs here"):
        drill(RunDirectory(tmp_path), Chosen())
