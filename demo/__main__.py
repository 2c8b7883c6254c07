"""`python -m demo [--run-dir DIR] [--port-offset N] [--keep]`: start the mesh if needed, act, break, report."""

import argparse
import sys
from pathlib import Path

from demo import acts
from demo.mesh import NotStarted, started
from demo.report import Report


def main() -> int:
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--run-dir", type=Path, default=Path(".run"), help="where the mesh keeps its files")
    parser.add_argument("--port-offset", type=int, default=0, help="start the mesh this far from its usual ports")
    parser.add_argument("--keep", action="store_true", help="leave the mesh running afterwards")
    arguments = parser.parse_args()

    report = Report()
    try:
        with started(arguments.run_dir, arguments.port_offset, keep=arguments.keep) as started_here:
            acts.play(report, arguments.run_dir)
    except NotStarted:
        return 1
    print(f"\n{report.verdict()}")
    if report.held and started_here and not arguments.keep:
        print("The mesh was stopped again. `make up` starts it for you to use.")
    return 0 if report.held else 1


if __name__ == "__main__":
    sys.exit(main())
