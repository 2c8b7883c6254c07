"""`make test-bus`: the events' tests on each bus, one after the other, and one table of what came out.

`python -m tests.chassis.events.buses [--bus NAME] [pytest's options]`
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

TESTS = Path(__file__).parents[2]
BUSES = ("redis", "jetstream", "kafka")
SUITES = {  # name → file, buses; Redis is the bus of every other system test
    "events": ("chassis/events/test_bus.py", BUSES),
    "soak": ("chassis/events/test_soak.py", BUSES),
    "partitions": ("chassis/events/on_kafka.py", ("kafka",)),
    "whole mesh": ("system/on_another_bus.py", ("jetstream", "kafka")),
}


def run(bus: str, file: str, options: Sequence[str]) -> tuple[str, bool]:
    """Run one suite on one bus: how many tests passed, failed, were skipped, in words; and whether it is green."""
    with tempfile.NamedTemporaryFile(suffix=".xml") as report:
        # The fake sidecar has no bus, and is tested in `make test`.
        command = [sys.executable, "-m", "pytest", "-k", "not fake", f"--junitxml={report.name}", *options]
        code = subprocess.run([*command, str(TESTS / file)], env={**os.environ, "BUS": bus}).returncode
        counts = read(Path(report.name).read_text("utf-8"))
    words = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
    return words or "no test ran", code == 0


def read(report: str) -> dict[str, int]:
    """Outcome → tests, of pytest's JUnit report; empty for none."""
    suite = ElementTree.fromstring(report).find("testsuite") if report else None
    if suite is None:
        return {}
    failed, skipped = int(suite.get("failures", 0)) + int(suite.get("errors", 0)), int(suite.get("skipped", 0))
    return {"passed": int(suite.get("tests", 0)) - failed - skipped, "failed": failed, "skipped": skipped}


def table(rows: Sequence[Sequence[str]]) -> str:
    """The rows in columns, the first row as their heads."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make test-bus", description=__doc__)
    parser.add_argument("--bus", choices=BUSES, action="append", help="only this one; may be repeated")
    chosen, options = parser.parse_known_args(arguments)
    buses = [bus for bus in BUSES if bus in (chosen.bus or BUSES)]
    cells, green = {}, []
    for bus in buses:
        for file, where in SUITES.values():
            if bus in where:
                print(f"\n== {file} on {bus}", flush=True)
                cells[file, bus], one = run(bus, file, options)
                green.append(one)
    rows = [[suite, *(cells.get((file, bus), "-") for bus in buses), file] for suite, (file, _) in SUITES.items()]
    print(f"\n{table([['', *buses, ''], *rows])}")
    return 0 if all(green) else 1


if __name__ == "__main__":
    sys.exit(main())
