"""A mesh to measure, beside whatever else runs on the machine."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PORT_OFFSET = 13_000


def up(run_dir: Path, project: Path = ROOT) -> None:
    """Start the mesh of `project`; returns when it is ready. Raises CalledProcessError."""
    _local(project, "up", "--detach", "--port-offset", str(PORT_OFFSET), "--run-dir", str(run_dir))


def down(run_dir: Path, project: Path = ROOT) -> None:
    _local(project, "down", "--run-dir", str(run_dir))


def _local(project: Path, *command: str) -> None:
    subprocess.run([sys.executable, "-m", "local", *command], cwd=project, check=True)
