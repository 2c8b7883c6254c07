"""`python -m benchmarks`: run them all on a mesh of their own; minutes, on a machine that does nothing else."""

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import mesh


def main() -> int:
    failed = []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another user when we are root, and must get through
        run_dir = Path(folder) / "run"
        mesh.up(run_dir)
        try:
            failed += run("hop", "--run-dir", str(run_dir))
            failed += run("audited", "--run-dir", str(run_dir))
        finally:
            mesh.down(run_dir)
    failed += run("limits")
    failed += run("telemetry")
    failed += run("efficiency")
    failed += run("whole_table")
    failed += run("write")
    failed += run("zipf")
    failed += run("trail")
    failed += run("sandbox")
    failed += run("start")
    failed += run("start", "--apps", "22")
    return 1 if failed else 0


def run(name: str, *arguments: str) -> list[str]:
    """Run one benchmark; its name when it failed."""
    print(f"\n{name} {' '.join(arguments)}", flush=True)
    done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *arguments], check=False)
    return [name] if done.returncode else []


if __name__ == "__main__":
    sys.exit(main())
