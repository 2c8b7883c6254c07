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
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil

from benchmarks import mesh
from benchmarks.mesh import ROOT
from benchmarks.result import save

SETTLING = 3  # seconds from ready to the first look
LEAST_SHARE = 0.0005  # of a core: what takes less is not told by itself


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


def mesh_processes(run_dir: Path) -> dict[psutil.Process, str]:
    """Every process of the mesh, and what it is: an app, a sidecar, or the name of what it belongs to."""
    record = json.loads((run_dir / "processes.json").read_text())
    told = {"launcher": record["launcher"]["pid"]}
    told |= {entry["name"]: entry["pid"] for entry in record["processes"] if entry["pid"]}
    each = {entry["name"]: entry["kind"] for entry in record["processes"] if entry["kind"] in ("app", "sidecar")}
    found: dict[psutil.Process, str] = {}
    for name, pid in told.items():  # the launcher first: all others are its children
        found |= dict.fromkeys(psutil.Process(pid).children(recursive=True), name)
    return found | {psutil.Process(pid): each.get(name, name) for name, pid in told.items()}


def memory_by_kind(processes: dict[psutil.Process, str]) -> dict[str, float]:
    """In MB: what each kind takes with its share of shared pages (PSS), counted without overlap; and of that, what it
    shares with nobody."""
    took: dict[str, float] = defaultdict(float)
    own: dict[str, float] = defaultdict(float)
    for process, kind in processes.items():
        with suppress(psutil.NoSuchProcess):  # PostgreSQL ends a connection that nobody uses
            memory = process.memory_full_info()
            took[kind] += memory.pss / 1e6
            own[kind] += memory.uss / 1e6
    kinds = sorted(took, key=lambda kind: -took[kind])
    return {
        "memory of everything, MB PSS": sum(took.values()),
        **{f"memory of {kind}, MB PSS": took[kind] for kind in kinds},
        **{f"memory of {kind}, MB shared with nobody": own[kind] for kind in kinds[:3]},
    }


def busy(processes: Iterable[psutil.Process]) -> dict[psutil.Process, float]:
    """Seconds of CPU, so far, of those that still run."""
    seconds = {}
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            seconds[process] = sum(process.cpu_times()[:2])
    return seconds


def idle_by_kind(run_dir: Path, seconds: float) -> dict[str, float]:
    """CPU while nothing is asked, as a share of one core."""
    before = busy(mesh_processes(run_dir))
    time.sleep(seconds)
    processes = mesh_processes(run_dir)
    share: dict[str, float] = defaultdict(float)
    for process, so_far in busy(processes).items():
        share[processes[process]] += (so_far - before.get(process, 0.0)) / seconds
    kinds = sorted(share, key=lambda kind: -share[kind])
    return {
        "idle CPU, share of one core": sum(share.values()),
        **{f"idle CPU of {kind}, share of one core": share[kind] for kind in kinds if share[kind] >= LEAST_SHARE},
    }


def measure(project: Path, run_dir: Path, seconds: float) -> dict[str, float]:
    mesh.up(run_dir, project)
    mesh.down(run_dir, project)
    began = time.monotonic()
    mesh.up(run_dir, project)
    ready = time.monotonic() - began
    try:
        time.sleep(SETTLING)
        idle = idle_by_kind(run_dir, seconds)
        processes = mesh_processes(run_dir)
        memory = memory_by_kind(processes)
    finally:
        mesh.down(run_dir, project)
    return {"warm start, s": ready, **memory, **idle, "processes": len(processes)}


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
