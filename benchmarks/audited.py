"""`python -m benchmarks.audited [--run-dir DIR]`: from a change to its durable audit entry, with Dapr and without it.

Against a running mesh. Changes come at a fixed rate and each has one entry; a relay like an app's hands in what waits,
200 at most and one batch at a time, to audit-service through two sidecars, or, in turns, straight to its port. Counted
is from the moment a change was due until its receipt: then its entry is chained and committed. The app's own commit is
in neither way, which makes the ratio larger than an app sees it. Then the same through the sidecars at a rate beyond
the goal: how many a second, and whether each has one receipt with an index of its own.

Goals at 200/s: p50 ≤ 2 times, p99 ≤ 50 ms more. At 1,000/s: nothing lost.
"""

import argparse
import asyncio
import json
import sys
import time
from collections import deque
from pathlib import Path as File
from uuid import uuid4

import aiohttp

from benchmarks.open_loop import Path, Run
from benchmarks.result import save
from benchmarks.trail import entries
from chassis._principal import issue, service
from contracts.audit_service import MAX_LINES
from demo.failure import processes
from local.credentials import Credentials

WRITER, TRAIL = "airtable-connector", "audit-service"
INGEST = "/ingest/entries"


def ways(run_dir: File, tenant: str) -> list[Path]:
    ports = {name: entry["ports"]["http"] for name, entry in processes(run_dir).items() if "http" in entry["ports"]}
    key = json.loads((run_dir / "secrets.json").read_text())[f"service-key/{WRITER}"]
    credentials = Credentials.load_or_create(run_dir)
    inside = {
        "authorization": f"Bearer {issue(service(WRITER, tenant), key, lifetime=3_600)}",
        "x-timeout-ms": "30000",
        "content-type": "application/x-ndjson",
    }
    direct = {"dapr-api-token": credentials.app_api_token(TRAIL), "dapr-caller-app-id": WRITER}
    through = {"dapr-api-token": credentials.dapr_api_token(WRITER), "dapr-app-id": TRAIL}
    return [
        Path("without Dapr", f"http://127.0.0.1:{ports[TRAIL]}{INGEST}", inside | direct),
        Path("with Dapr", f"http://127.0.0.1:{ports[f'{WRITER}.sidecar']}{INGEST}", inside | through),
    ]


class Relay:
    """Hands in what waits, a batch after the other."""

    def __init__(self, session: aiohttp.ClientSession, way: Path, run: Run) -> None:
        self._session, self._way, self._run = session, way, run
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._more = asyncio.Event()
        self.indexes: dict[str, int] = {}

    def add(self, due: float, line: bytes) -> None:
        self._waiting.append((due, line))
        self._more.set()

    async def run(self, count: int) -> None:
        """Until so many have a receipt."""
        while len(self.indexes) < count:
            if not self._waiting:
                self._more.clear()
                await self._more.wait()
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_LINES))]
            body = b"\n".join(line for _, line in batch)
            async with self._session.post(self._way.url, data=body, headers=self._way.headers) as answer:
                receipts = (await answer.json())["receipts"] if answer.status == 200 else []
            now = time.perf_counter()
            if len(receipts) != len(batch):
                self._run.failures += 1
                self._waiting.extendleft(reversed(batch))
                continue
            self._run.latencies += [(now - due) * 1000 for due, _ in batch]
            self.indexes |= {receipt["id"]: receipt["index"] for receipt in receipts}


async def drive(session: aiohttp.ClientSession, way: Path, lines: list[bytes], rate: float, run: Run) -> Relay:
    """Changes at `rate` a second, until each has its receipt."""
    relay = Relay(session, way, run)
    handing_in = asyncio.create_task(relay.run(len(lines)))
    began = time.perf_counter()
    for number, line in enumerate(lines):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        relay.add(due, line)
    await handing_in
    return relay


async def measure(run_dir: File, seconds: float, rounds: int) -> dict[str, float]:
    tenant = f"bench-{uuid4().hex[:8]}"
    without, with_dapr = ways(run_dir, tenant)
    runs = {way.name: Run() for way in (without, with_dapr)}
    async with aiohttp.ClientSession() as session:
        for number in range(-1, rounds):  # the first warms up
            for way in (without, with_dapr) if number % 2 else (with_dapr, without):
                made = _lines(int(200 * seconds), tenant)
                await drive(session, way, made, 200, Run() if number < 0 else runs[way.name])
        fast, many = Run(), _lines(int(1_000 * seconds), tenant)
        began = time.perf_counter()
        relay = await drive(session, with_dapr, many, 1_000, fast)
        took = time.perf_counter() - began
    lost = len(many) - len(set(relay.indexes.values()))
    with_, without_ = runs[with_dapr.name], runs[without.name]
    return {
        "p50, with Dapr / without": with_.p50 / without_.p50,
        "p99, with Dapr - without, ms": with_.p99 - without_.p99,
        **{f"{name} p50 ms": run.p50 for name, run in runs.items()},
        **{f"{name} p99 ms": run.p99 for name, run in runs.items()},
        "at 1,000/s, entries/s with Dapr": len(many) / took,
        "at 1,000/s, p99 ms": fast.p99,
        "at 1,000/s, lost": lost,
        "batches refused": with_.failures + without_.failures + fast.failures,
    }


def _lines(count: int, tenant: str) -> list[bytes]:
    return [accepted.line for accepted in entries(count, tenant)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run-dir", type=File, default=File(".run"))
    parser.add_argument("--seconds", type=float, default=5, help="of each way and round")
    parser.add_argument("--rounds", type=int, default=6)
    asked = parser.parse_args()
    figures = asyncio.run(measure(asked.run_dir, asked.seconds, asked.rounds))
    save("audited", figures, rate=200, seconds=asked.seconds, rounds=asked.rounds)
    return 1 if figures["at 1,000/s, lost"] else 0


if __name__ == "__main__":
    sys.exit(main())
