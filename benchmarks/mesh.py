"""A mesh to measure, beside whatever else runs on the machine."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PORT_OFFSET = 13_000


def up(run_dir: Path, project: Path = ROOT, offset: int = PORT_OFFSET, apps: str = "") -> None:
    """Start the mesh of `project`, or only `apps` of it; returns when it is ready. Raises CalledProcessError."""
    only = ("--apps", apps) if apps else ()
    _local(project, "up", "--detach", "--port-offset", str(offset), "--run-dir", str(run_dir), *only)


def down(run_dir: Path, project: Path = ROOT) -> None:
    _local(project, "down", "--run-dir", str(run_dir))


def scale(run_dir: Path, app: str, replicas: int) -> None:
    """Run so many copies of an app; returns when the launcher knows of them. Raises CalledProcessError."""
    _local(ROOT, "scale", f"{app}={replicas}", "--run-dir", str(run_dir))


def _local(project: Path, *command: str) -> None:
    subprocess.run([sys.executable, "-m", "local", *command], cwd=project, check=True)
