"""What a mesh costs to start and to keep: time, memory (PSS) and idle CPU of everything it runs.

`python -m benchmarks.start [--apps N]`: with N, the measurement is made on a copy of the project to which
`make new` has added apps until there are N of them.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks import mesh
from benchmarks.mesh import ROOT
from benchmarks.result import save


def copy_with_apps(count: int, target: Path) -> Path:
    """A clone of the project grown to `count` apps by the project's own scaffold."""
    project = target / "project"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(project)], check=True)
    (project / ".venv").symlink_to(ROOT / ".venv")
    missing = count - len([folder for folder in (project / "apps").iterdir() if folder.is_dir()])
    for number in range(missing):
        command = [sys.executable, "-m", "scaffold", "new", f"sample{number:02}-service"]
        subprocess.run(command, cwd=project, check=True, stdout=subprocess.DEVNULL)
    return project


def mesh_processes(run_dir: Path) -> list[psutil.Process]:
    """Every process of the mesh, the launcher and what it started included."""
    record = json.loads((run_dir / "processes.json").read_text())
    top = psutil.Process(record["launcher"]["pid"])
    recorded = [psutil.Process(entry["pid"]) for entry in record["processes"] if entry["pid"]]
    family = {process.pid: process for process in [top, *top.children(recursive=True)]}
    for process in recorded:
        family |= {one.pid: one for one in [process, *process.children(recursive=True)]}
    return list(family.values())


def memory_by_kind(run_dir: Path) -> dict[str, float]:
    """PSS in MB of the apps, of their sidecars and of all the rest of the mesh, counted without overlap."""
    record = json.loads((run_dir / "processes.json").read_text())
    kinds = {entry["pid"]: entry["kind"] for entry in record["processes"]}
    found = {"app": 0.0, "sidecar": 0.0, "everything else": 0.0}
    for process in mesh_processes(run_dir):
        kind = kinds.get(process.pid, "everything else")
        found[kind if kind in found else "everything else"] += process.memory_full_info().pss / 1e6
    return found


def busy(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def measure(project: Path, run_dir: Path, seconds: float) -> dict[str, float]:
    mesh.up(run_dir, project)
    mesh.down(run_dir, project)
    began = time.monotonic()
    mesh.up(run_dir, project)
    ready = time.monotonic() - began
    try:
        time.sleep(3)
        processes = mesh_processes(run_dir)
        before = busy(processes)
        time.sleep(seconds)
        idle = (busy(processes) - before) / seconds
        memory = memory_by_kind(run_dir)
    finally:
        mesh.down(run_dir, project)
    return {
        "warm start, s": ready,
        "memory of everything, MB PSS": sum(memory.values()),
        **{f"memory of {kind}, MB PSS": megabytes for kind, megabytes in memory.items()},
        "idle CPU, share of one core": idle,
        "processes": len(processes),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--apps", type=int, help="grow a copy of the project to this many apps first")
    parser.add_argument("--seconds", type=float, default=20, help="how long to watch the idle mesh")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="start-"))
    os.chmod(folder, 0o755)  # PostgreSQL runs as another user when we are root, and must get through
    try:
        project = copy_with_apps(arguments.apps, folder) if arguments.apps else ROOT
        name = f"start-{arguments.apps}-apps" if arguments.apps else "start"
        save(name, measure(project, folder / "run", arguments.seconds))
    finally:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
