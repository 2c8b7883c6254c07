"""`python -m local`: helpful, and never a stack trace for what can be expected."""

import json
import os
from pathlib import Path

import pytest

from local.__main__ import main, parser
from local.run_dir import Entry, Record, RunDirectory, start_time

COMMANDS = ["up", "down", "status", "logs", "scale", "doctor", "infra", "configure", "rotate-audit-key"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert "usage: python -m local " + command in capsys.readouterr().out


def test_the_help_lists_every_command() -> None:
    text = parser().format_help()
    assert all(f"    {command}" in text for command in COMMANDS)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["up", "--port-offset", "7"], "--port-offset must be a multiple of 1000"),
        (["up", "--apps", "notes"], "there is no app 'notes'"),
        (["up", "--set", "COLOUR=blue"], "--set COLOUR: no app reads it"),
        (["scale", "airtable-connector"], "write APP=N"),
        (["scale", "airtable-connector=2"], "nothing runs here"),
        (["logs"], "there are no logs yet"),
    ],
)
def test_a_mistake_is_one_message_and_exit_code_1(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--run-dir", str(tmp_path / "run")]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


def test_down_may_be_repeated_and_leaves_no_directory_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_dir = tmp_path / "run"
    assert main(["down", "--run-dir", str(run_dir)]) == 0
    assert capsys.readouterr().out == "Nothing runs.\n"
    assert not run_dir.exists()


def test_status_says_that_nothing_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--run-dir", str(tmp_path)]) == 3
    assert capsys.readouterr().out == "Nothing runs. Start it: make up\n"
    assert main(["status", "--json", "--run-dir", str(tmp_path)]) == 3
    assert json.loads(capsys.readouterr().out) == {"running": False, "launcher": None, "offset": 0, "processes": []}


def test_status_names_why_a_process_ended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = RunDirectory(tmp_path / "run")
    run.prepare()
    refused = {"code": 78, "signal": None, "at": 0.0, "line": "config.invalid: NOTES_URL: no URL"}
    entry = Entry("notes", "app", "notes", 0, state="failed", restarts=1, last_exit=refused, ports={"http": 8070})
    me = {"pid": os.getpid(), "started": start_time(os.getpid())}
    run.write_record(Record(me, 0, [entry]))
    assert main(["status", "--run-dir", str(run.path)]) == 1
    said = capsys.readouterr().out
    assert "notes refuses its configuration: config.invalid: NOTES_URL: no URL" in said
    assert "http:8070" in said
