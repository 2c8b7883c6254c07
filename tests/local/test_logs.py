"""Logs are bounded, merged by time, and readable."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from local import log_files, logs
from local.errors import SetupError
from local.run_dir import RunDirectory


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    directory = RunDirectory(tmp_path)
    directory.logs.mkdir()
    day = "2026-11-23T10:00"
    write(directory, "notes", f'{{"at": "{day}:00.500Z", "level": "warning", "event": "slow", "ms": 12}}')
    write(directory, "notes.sidecar", f'{{"time": "{day}:00.250123456Z", "level": "info", "msg": "up", "ver": "1"}}')
    write(directory, "notes@1", f'{{"timestamp": "{day}:01Z", "level": "info", "event": "last"}}')
    write(directory, "valkey", "no JSON at all")
    return directory


def write(run: RunDirectory, name: str, *lines: str) -> None:
    with (run.logs / f"{name}.log").open("a") as file:
        file.write("".join(f"{line}\n" for line in lines))


def shown(run: RunDirectory, capsys: pytest.CaptureFixture[str], *names: str, since: str | None = None) -> list[str]:
    assert logs.show(run, names, follow=False, since=since, colour=False) == 0
    return capsys.readouterr().out.splitlines()


def test_lines_of_all_processes_come_in_the_order_of_time(
    run: RunDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = shown(run, capsys)
    assert [line.split()[-1] for line in lines] == ["all", "up", "ms=12", "last"]


def test_a_json_line_becomes_one_readable_line(run: RunDirectory, capsys: pytest.CaptureFixture[str]) -> None:
    clock = datetime.fromisoformat("2026-11-23T10:00:00.500+00:00").astimezone().strftime("%H:%M:%S.500")
    assert f"{clock} notes          WARNING  slow  ms=12" in shown(run, capsys, "notes")


def test_an_apps_name_means_its_sidecar_and_replicas_too(run: RunDirectory, capsys: pytest.CaptureFixture[str]) -> None:
    assert {line.split()[1] for line in shown(run, capsys, "notes")} == {"notes", "notes.sidecar", "notes@1"}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (logs.Wanted(trace="aa"), ["mine", "failed"]),
        (logs.Wanted(trace="r1"), ["mine"]),
        (logs.Wanted(tenant="acme"), ["mine"]),
        (logs.Wanted(level="warning"), ["slow", "failed"]),
        (logs.Wanted(text="FAIL"), ["failed"]),
        (logs.Wanted(trace="aa", level="error"), ["failed"]),
    ],
)
def test_lines_are_found_by_trace_tenant_level_and_text(
    run: RunDirectory, capsys: pytest.CaptureFixture[str], wanted: logs.Wanted, found: list[str]
) -> None:
    time = '"at": "2026-11-23T10:00:02Z"'
    write(run, "notes", f'{{{time}, "event": "mine", "trace_id": "aa", "request_id": "r1", "tenant": "acme"}}')
    write(run, "other", f'{{{time}, "event": "failed", "level": "error", "trace_id": "aa", "tenant": "umbrella"}}')
    logs.show(run, (), follow=False, since=None, colour=False, wanted=wanted, as_json=True)
    assert [json.loads(line)["event"] for line in capsys.readouterr().out.splitlines()] == found


def test_as_json_every_line_is_an_object_with_its_process(
    run: RunDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.show(run, ["valkey"], follow=False, since=None, colour=False, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"process": "valkey", "event": "no JSON at all"}


def test_since_leaves_out_what_is_older(run: RunDirectory, capsys: pytest.CaptureFixture[str]) -> None:
    assert [line.split()[-1] for line in shown(run, capsys, since="2026-11-23T10:00:01+00:00")] == ["last"]


@pytest.mark.parametrize(
    ("names", "since", "said"), [((), "soon", "write 90s, 5m"), (("memo",), None, "no log of 'memo'")]
)
def test_what_cannot_be_shown_is_said(run: RunDirectory, names: tuple[str, ...], since: str | None, said: str) -> None:
    with pytest.raises(SetupError, match=said):
        logs.show(run, names, follow=False, since=since, colour=False)


def test_a_start_keeps_the_logs_of_one_previous_run(run: RunDirectory) -> None:
    log_files.rotate(run.logs)
    assert (run.logs / "notes.log.1").read_text().startswith("{")
    assert not (run.logs / "notes.log").exists()
    write(run, "notes", "second")
    log_files.rotate(run.logs)
    assert (run.logs / "notes.log.1").read_text() == "second\n"


def test_a_log_that_grew_too_large_is_put_aside_while_its_writer_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "one.log"
    with log.open("a", buffering=1) as writer:
        writer.write("x" * 100 + "\n")
        log_files.bound(tmp_path, largest=100)
        writer.write("next\n")
    assert log.read_text() == "next\n"
    assert (tmp_path / "one.log.1").read_text() == "x" * 100 + "\n"


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["first", "last"], "last"),
        (["config.invalid: A_URL: no", "Traceback"], "config.invalid: A_URL: no"),
        (['{"level": "fatal", "msg": "cannot", "error": "refused"}', "goodbye"], "cannot: refused"),
        (["with a-long-secret inside"], "with *** inside"),
        ([], None),
    ],
)
def test_last_words_tell_best_why_a_process_ended(tmp_path: Path, lines: list[str], words: str | None) -> None:
    log = tmp_path / "one.log"
    log.write_text("an error of an earlier life\n")
    since = log.stat().st_size
    with log.open("a") as file:
        file.writelines(f"{line}\n" for line in lines)
    assert log_files.last_words(log, since, ["a-long-secret", "a"]) == words
