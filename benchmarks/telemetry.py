"""`python -m benchmarks.telemetry`: what tracing costs gateway and callee, in CPU per request.

On two meshes of its own, of which one has no analytics-service: there nobody takes spans, and so nobody makes any. The
same read, from the connector's cache, goes to the one and to the other in turns; each round waits until its spans have
left. Counted is the CPU time of the processes themselves. Sidecars and analytics-service, which takes the spans, are
told apart: they are in no ratio.

Goal: gateway and callee together at most 1.25 times.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import aiohttp
import psutil

from benchmarks import mesh
from benchmarks.result import save
from demo.client import Address, Client
from demo.failure import processes
from demo.journey import find_place

GATEWAY, CALLEE, COLLECTOR = "api-gateway", "airtable-connector", "analytics-service"
SIDECARS = (f"{GATEWAY}.sidecar", f"{CALLEE}.sidecar")
APPS = f"{GATEWAY},{CALLEE},rate-limiter-service"
OFFSETS = {True: mesh.PORT_OFFSET, False: mesh.PORT_OFFSET - 2_000}
GOAL = 1.25
AT_ONCE = 8
LEFT = 2.5  # seconds after which every span has left, and was taken


class Subject:
    """One of the two meshes, and the CPU time (ms) of its processes."""

    def __init__(self, run_dir: Path) -> None:
        found = processes(run_dir)
        names = [name for name in (GATEWAY, CALLEE, COLLECTOR, *SIDECARS) if name in found]
        self._processes = {name: psutil.Process(found[name]["pid"]) for name in names}
        self._address = Address.of(run_dir)
        with Client(self._address) as client:
            self._url = f"{self._address.url}{find_place(client).records}?page_size=1"

    async def costs(self, session: aiohttp.ClientSession, requests: int) -> dict[str, float]:
        """Milliseconds of CPU a request. Raises ClientResponseError when one is refused."""
        before, left = self._read(), iter(range(requests))
        headers = {"authorization": f"Bearer {self._address.key}"}

        async def one_after_the_other() -> None:
            for _ in left:
                async with session.get(self._url, headers=headers) as answer:
                    await answer.read()
                    answer.raise_for_status()

        await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))
        await asyncio.sleep(LEFT)
        after = self._read()
        return {name: (after[name] - before[name]) / requests for name in after}

    def _read(self) -> dict[str, float]:
        times = {name: process.cpu_times() for name, process in self._processes.items()}
        return {name: (each.user + each.system) * 1000 for name, each in times.items()}


async def measure(subjects: dict[bool, Subject], requests: int, rounds: int) -> dict[str, float]:
    """`subjects` by whether spans are made."""
    taken: dict[bool, list[dict[str, float]]] = {True: [], False: []}
    async with aiohttp.ClientSession() as session:
        for number in range(-1, rounds):  # the first warms up
            for traced in (True, False) if number % 2 else (False, True):
                costs = await subjects[traced].costs(session, requests)
                if number >= 0:
                    taken[traced].append(costs)
    on, off = taken[True], taken[False]
    both = (GATEWAY, CALLEE)
    return {
        "gateway and callee, traced / not": _cpu(on, both) / _cpu(off, both),
        "gateway, traced / not": _cpu(on, [GATEWAY]) / _cpu(off, [GATEWAY]),
        "callee, traced / not": _cpu(on, [CALLEE]) / _cpu(off, [CALLEE]),
        "gateway, traced, ms CPU a request": _cpu(on, [GATEWAY]),
        "gateway, not traced, ms CPU a request": _cpu(off, [GATEWAY]),
        "callee, traced, ms CPU a request": _cpu(on, [CALLEE]),
        "callee, not traced, ms CPU a request": _cpu(off, [CALLEE]),
        "analytics-service, ms CPU a request": _cpu(on, [COLLECTOR]),
        "both sidecars, traced, ms CPU a request": _cpu(on, SIDECARS),
        "both sidecars, not traced, ms CPU a request": _cpu(off, SIDECARS),
    }


def _cpu(rounds: Iterable[dict[str, float]], names: Iterable[str]) -> float:
    """Milliseconds a request of these processes together, the median of the rounds."""
    names = list(names)
    return statistics.median(sum(each[name] for name in names) for each in rounds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=1_000, help="of each mesh and round")
    parser.add_argument("--rounds", type=int, default=6)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another user when we are root, and must get through
        run_dirs = {traced: Path(folder) / ("traced" if traced else "not") for traced in (True, False)}
        try:
            for traced, run_dir in run_dirs.items():
                mesh.up(run_dir, offset=OFFSETS[traced], apps=f"{APPS},{COLLECTOR}" if traced else APPS)
            subjects = {traced: Subject(run_dir) for traced, run_dir in run_dirs.items()}
            figures = asyncio.run(measure(subjects, asked.requests, asked.rounds))
        finally:
            for run_dir in run_dirs.values():
                mesh.down(run_dir)
    save("telemetry", figures, requests=asked.requests, rounds=asked.rounds, at_once=AT_ONCE)
    return 0 if figures["gateway and callee, traced / not"] <= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
