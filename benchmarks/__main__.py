"""`python -m benchmarks`: run them all on a mesh of their own; minutes, on a machine that does nothing else."""

import subprocess
import sys
import tempfile
from pathlib import Path

PORT_OFFSET = 13_000


def main() -> int:
    failed = []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another user when we are root, and must get through
        where = ["--run-dir", f"{folder}/run"]
        up = [sys.executable, "-m", "local", "up", "--detach", "--port-offset", str(PORT_OFFSET), *where]
        subprocess.run(up, check=True)
        try:
            failed += run("hop", *where)
        finally:
            subprocess.run([sys.executable, "-m", "local", "down", *where], check=True)
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
