"""Requests at a fixed rate, whatever the answers do, and what they cost.

Latency counts from the moment a request was due, not from when it was sent: a server that stalls
must not make the waiting requests disappear from the figures (coordinated omission).
"""

import asyncio
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import aiohttp
import psutil
from yarl import URL


@dataclass(frozen=True)
class Path:
    """One way to the same answer: where to ask and with which headers."""

    name: str
    url: str
    headers: Mapping[str, str]


@dataclass
class Run:
    """The latencies (ms) of one path over all rounds, and the CPU (s) its processes spent meanwhile."""

    latencies: list[float] = field(default_factory=list)
    failures: int = 0
    cpu: dict[str, float] = field(default_factory=dict)

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    @property
    def p50(self) -> float:
        return statistics.median(self.latencies)

    @property
    def p99(self) -> float:
        return self.percentile(0.99)


async def drive(session: aiohttp.ClientSession, path: Path, *, rate: float, seconds: float, run: Run) -> None:
    """Ask `path` `rate` times a second for `seconds`; add what was seen to `run`."""
    url, loop_start = URL(path.url, encoded=True), time.perf_counter()

    async def ask(due: float) -> None:
        try:
            async with session.get(url, headers=path.headers) as answer:
                await answer.read()
                run.failures += answer.status != 200
        except (aiohttp.ClientError, TimeoutError):
            run.failures += 1
        run.latencies.append((time.perf_counter() - due) * 1000)

    asked = []
    for number in range(int(rate * seconds)):
        due = loop_start + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        asked.append(asyncio.create_task(ask(due)))
    await asyncio.gather(*asked)


def cpu_seconds(pids: Mapping[str, int]) -> dict[str, float]:
    """User and system time each named process has used so far."""
    return {name: sum(psutil.Process(pid).cpu_times()[:2]) for name, pid in pids.items()}


async def compare(
    paths: Sequence[Path], pids: Mapping[str, int], *, rate: float, seconds: float, rounds: int
) -> dict[str, Run]:
    """Run the paths in turn, the order rotated each round, so that drift of the machine meets all alike."""
    runs = {path.name: Run() for path in paths}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=200)) as session:
        for path in paths:
            await drive(session, path, rate=50, seconds=1, run=Run())
        for number in range(rounds):
            for path in [*paths[number % len(paths) :], *paths[: number % len(paths)]]:
                before = cpu_seconds(pids)
                await drive(session, path, rate=rate, seconds=seconds, run=runs[path.name])
                for name, spent in cpu_seconds(pids).items():
                    cpu = runs[path.name].cpu
                    cpu[name] = cpu.get(name, 0.0) + spent - before[name]
    return runs
