"""The table of `make test-bus`."""

import subprocess
import sys

import pytest

from . import buses

REPORT = '<testsuites><testsuite errors="1" failures="2" skipped="1" tests="9"></testsuite></testsuites>'


def test_what_failed_and_what_could_not_begin_are_told_apart_from_what_passed():
    assert buses.read(REPORT) == {"passed": 5, "failed": 3, "skipped": 1}
    assert buses.read("") == {}


def test_columns_stand_below_their_heads():
    assert buses.table([["", "redis"], ["events", "16 passed"]]) == "        redis\nevents  16 passed"


@pytest.mark.parametrize(("codes", "expected"), [((0, 0, 0, 0), 0), ((0, 0, 0, 1), 1)])
def test_one_red_suite_makes_the_whole_red_and_all_are_in_the_table(monkeypatch, capsys, codes, expected):
    left = list(codes)

    def run(command, env):
        report = next(option.partition("=")[2] for option in command if option.startswith("--junitxml="))
        code = left.pop(0)
        with open(report, "w") as file:
            file.write(f'<testsuites><testsuite errors="0" failures="{code}" skipped="0" tests="2"/></testsuites>')
        return subprocess.CompletedProcess(command, code)

    monkeypatch.setattr(buses.subprocess, "run", run)
    assert buses.main(["--bus", "kafka", "-x"]) == expected
    rows = capsys.readouterr().out.strip().splitlines()[-5:]
    assert rows[0].split() == ["kafka"]
    assert rows[1].split() == ["events", "2", "passed", "chassis/events/test_bus.py"]
    assert ("1 passed, 1 failed" in rows[-1]) == bool(expected)


def test_another_bus_than_the_three_is_refused():
    command = [sys.executable, "-m", "tests.chassis.events.buses", "--bus", "rabbit"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, "invalid choice: 'rabbit'" in done.stderr) == (2, True)
