"""`python -m tests.system.soak`: the whole soak, on a mesh of its own with the simulated Airtable's limits off.

`--minutes` makes a part of it: what was done so far is judged, the mesh is stopped and its run directory kept, and the
same command goes on. Interrupted, it leaves the mesh running, and goes on as well. Exit code: 0 everything held, 1
something did not; then the mesh runs on too, to be looked at.
"""

import argparse
import random
import shutil
import sys
import time
from pathlib import Path

from tests.system.mesh import ROOT, Mesh
from tests.system.soak.soak import Soak
from tests.system.soak.verdict import without_limits

OFFSET = 8_000
# The platform's own pacing as fast as it goes: it is not what is tried here.
SETTINGS = ("RATE_LIMITER_SERVICE_BASE_RATE=100", "RATE_LIMITER_SERVICE_TOKEN_RATE=1000")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--writes", type=int, default=100_000, help="acknowledged writes (100000)")
    parser.add_argument("--kills", type=int, default=200, help="of apps, sidecars, Valkey and PostgreSQL (200)")
    parser.add_argument("--outage", type=int, help="writes while each consumer is away (a fiftieth of all)")
    parser.add_argument("--minutes", type=float, help="of writing; then a part is done (until all is)")
    parser.add_argument("--seed", type=int, default=random.randrange(1, 10_000), help="of the order of the kills")
    parser.add_argument("--run-dir", type=Path, default=ROOT / ".run" / "soak", help="of the mesh and the ledgers")
    asked = parser.parse_args()
    outage = asked.writes // 50 if asked.outage is None else asked.outage
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {line}", flush=True)

    mesh = Mesh(asked.run_dir, OFFSET)
    try:
        mesh.up(*(f"--set={each}" for each in SETTINGS))
        say(f"the mesh is up: {asked.writes} writes, {asked.kills} kills, seed {asked.seed}")
        with without_limits(mesh):
            seconds = asked.minutes and asked.minutes * 60
            soak = Soak(asked.writes, asked.kills, outage, asked.seed, seconds=seconds)
            done = soak.run(mesh, asked.run_dir / "ledgers", say)
    finally:
        mesh.close()
    mesh.down()
    if done:
        shutil.rmtree(asked.run_dir)
    else:
        say("the same command goes on")
    return 0


if __name__ == "__main__":
    sys.exit(main())
