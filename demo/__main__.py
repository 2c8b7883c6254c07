"""`python -m demo [--run-dir DIR] [--port-offset N] [--keep]`: start the mesh if needed, act, break, report."""

import argparse
import subprocess
import sys
import time
from pathlib import Path

from demo import acts
from demo.client import Address, Client
from demo.report import Report


def launcher(arguments: argparse.Namespace, *command: str) -> subprocess.CompletedProcess[bytes]:
    where = ["--run-dir", str(arguments.run_dir)]
    return subprocess.run([sys.executable, "-m", "local", *command, *where], check=False)  # noqa: S603


def running(arguments: argparse.Namespace) -> bool:
    try:
        with Client(Address.of(arguments.run_dir), timeout=2) as client:
            client.get("/healthz")
    except Exception:  # whatever is wrong, the launcher will say it better
        return False
    return True


def main() -> int:
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--run-dir", type=Path, default=Path(".run"), help="where the mesh keeps its files")
    parser.add_argument("--port-offset", type=int, default=0, help="start the mesh this far from its usual ports")
    parser.add_argument("--keep", action="store_true", help="leave the mesh running afterwards")
    arguments = parser.parse_args()

    started_here = not running(arguments)
    if started_here:
        began = time.monotonic()
        if launcher(arguments, "up", "--detach", "--port-offset", str(arguments.port_offset)).returncode:
            return 1
        print(f"The mesh is up after {time.monotonic() - began:.1f} s.\n")
    report = Report()
    try:
        acts.play(report, arguments.run_dir)
    finally:
        if started_here and not arguments.keep:
            launcher(arguments, "down")
    print(f"\n{report.verdict()}")
    if report.held and started_here and not arguments.keep:
        print("The mesh was stopped again. `make up` starts it for you to use.")
    return 0 if report.held else 1


if __name__ == "__main__":
    sys.exit(main())
