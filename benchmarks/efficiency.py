"""`python -m benchmarks.efficiency`: how much of what Airtable allows a program gets, and how many calls that takes.

The simulated Airtable answers after 150 to 600 ms, each as likely as another, and allows 5 calls a second and base. The
same programs of stock pyairtable run straight at it and through the platform: they read whole tables, 100 records a
call, with a filter of their own each time, so that nothing is cached or asked for together; and they create records,
10 a call; once more while a tenth of the connections is dropped after the write: what became of those is then looked
for by the platform, and by nobody where a program is alone. Minutes, on a mesh of its own.
"""

import argparse
import contextlib
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pyairtable

from benchmarks import mesh
from benchmarks.result import save
from demo.client import Address, Client
from demo.headline import LIMIT, seen, straight, through_platform

LATENCY = {"kind": "delay", "seconds": 0.15, "at_most": 0.6}
DROPPED = {"kind": "drop-after", "method": "POST", "probability": 0.1}
PROGRAMS = 8  # at once, so that the limit is what holds them up
PAGE, BATCH = 100, 10  # records
READ, WRITTEN = ("Projects", "Time entries"), ("CRM", "Companies")  # through the platform
ALONE = ("Content calendar", "Posts")  # which a base rests for 30 s when they are too fast
OF_ALONE = 5  # a program that is alone makes so many fewer calls
SETTLING = 180.0  # s that a lost answer is looked for at most

Connect = Callable[[], pyairtable.Api]


@dataclass(frozen=True)
class Run:
    """What programs needed: `calls` that had to be made, `made` as Airtable counted them, in `seconds`.

    `failed` of them had no answer, or a refusal.
    """

    calls: int
    made: int
    seconds: float
    failed: int

    @property
    def efficiency(self) -> float:
        return (self.calls - self.failed) / (LIMIT * self.seconds)

    @property
    def overhead(self) -> float:
        return self.made / self.calls if self.calls else 0.0


class Programs:
    """Several programs at once on one table; each works until all together have made so many calls."""

    def __init__(self, address: Address, connect: Connect, place: tuple[str, str]) -> None:
        self._address, self._connect = address, connect
        with Client(address) as client:
            self.base = next(one["id"] for one in client.get("/api/v1/bases")["items"] if one["name"] == place[0])
            tables = {one["name"]: one for one in client.get(f"/api/v1/bases/{self.base}/tables")["items"]}
        self.table, primary = place[1], tables[place[1]]["primary_field_id"]
        self.name = next(one["name"] for one in tables[place[1]]["fields"] if one["id"] == primary)
        self._count, self._lock = 0, threading.Lock()

    def read(self, calls: int, programs: int) -> Run:
        """Whole tables, each time with another filter that every record passes."""
        return self._run(calls, programs, self._pages)

    def write(self, calls: int, programs: int) -> Run:
        """Batches of records, no two of the same name."""
        return self._run(calls, programs, self._batches)

    def resolved(self) -> Counter[str]:
        """How the newest write operations ended: waits until none is looked for any more."""
        with Client(self._address) as client:
            for _ in range(round(SETTLING)):
                if not client.get("/api/v1/operations", base=self.base, state="intended")["items"]:
                    break
                time.sleep(1)
            return Counter(one["state"] for one in client.every("/api/v1/operations", base=self.base, page_size=100))

    def names(self) -> Counter[str]:
        """The names of the records that these programs made."""
        wanted = f'FIND("Efficiency ", {{{self.name}}})'
        with contextlib.closing((api := through_platform(self._address)()).session):
            records = api.table(self.base, self.table).all(formula=wanted)
        return Counter(record["fields"][self.name] for record in records)

    def _run(self, calls: int, programs: int, work: Callable[[pyairtable.Table, int], Iterator[Any]]) -> Run:
        before, until = seen(self._address, 0)["last"], self._count + calls
        began = time.monotonic()

        def program(_: int) -> tuple[int, int]:
            done = failed = 0
            with contextlib.closing((api := self._connect()).session):
                while (number := self._next()) <= until:
                    try:
                        for _answer in work(api.table(self.base, self.table), number):
                            done += 1
                    except Exception:  # of whatever kind: that it failed is what is counted
                        failed += 1
            return done, failed

        with ThreadPoolExecutor(programs) as pool:
            ended = list(pool.map(program, range(programs)))
        seconds = time.monotonic() - began
        failed = sum(failed for _, failed in ended)
        return Run(sum(done for done, _ in ended) + failed, self.made_since(before), seconds, failed)

    def made_since(self, request: int) -> int:
        """Calls that Airtable counted after that one."""
        return sum(one["base"] == self.base for one in seen(self._address, request)["requests"])

    def _next(self, calls: int = 1) -> int:
        with self._lock:
            self._count += calls
            return self._count

    def _pages(self, table: pyairtable.Table, number: int) -> Iterator[Any]:
        for page in table.iterate(page_size=PAGE, formula=f'{{{self.name}}}!="never {number}"'):
            yield page
            self._next()

    def _batches(self, table: pyairtable.Table, number: int) -> Iterator[Any]:
        yield table.batch_create([{self.name: f"Efficiency {number}-{row}"} for row in range(BATCH)])


@contextlib.contextmanager
def faults(address: Address, *wanted: dict[str, Any]) -> Iterator[None]:
    url = f"{address.sandbox_admin_url}/faults"
    for one in wanted:
        httpx.post(url, json=one).raise_for_status()
    try:
        yield
    finally:
        httpx.delete(url)


def measure(address: Address, calls: int) -> dict[str, float]:
    """Every figure; ratios, but for the two counts."""
    alone = Programs(address, straight(address), ALONE)
    reading = Programs(address, through_platform(address), READ)
    writing = Programs(address, through_platform(address), WRITTEN)
    few = calls // OF_ALONE
    with faults(address, LATENCY):
        one = alone.read(few, 1)
        read = reading.read(calls, PROGRAMS)
        one_writes = alone.write(few, 1)
        written = writing.write(calls, PROGRAMS)
    with faults(address, LATENCY, DROPPED):
        before = seen(address, 0)["last"]
        dropped = writing.write(calls // 2, PROGRAMS)
        ends = writing.resolved()
        looked_for = writing.made_since(before)
        one_dropped = alone.write(few, 1)
    names = writing.names()
    with faults(address, LATENCY):
        many = alone.read(few, PROGRAMS)
    return {
        "read: share of the limit, through the platform": read.efficiency,
        "read: share of the limit, pyairtable alone, one program": one.efficiency,
        f"read: share of the limit, pyairtable alone, {PROGRAMS} programs": many.efficiency,
        "read: Airtable's calls / needed calls": read.overhead,
        "write: share of the limit, through the platform": written.efficiency,
        "write: share of the limit, pyairtable alone, one program": one_writes.efficiency,
        "write: Airtable's calls / needed calls": written.overhead,
        "a tenth dropped: Airtable's calls / needed calls": looked_for / dropped.calls,
        "a tenth dropped: writes not known at once, through the platform": dropped.failed / dropped.calls,
        "a tenth dropped: writes not known in the end, through the platform": ends["unknown"] + ends["intended"],
        "a tenth dropped: writes not known in the end, pyairtable alone": one_dropped.failed,
        "a tenth dropped: records missing": BATCH * (written.calls + dropped.calls) - len(names),
        "a tenth dropped: records that are there twice": names.total() - len(names),
        "reads and writes that failed without a fault, through the platform": read.failed + written.failed,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=300, help="of each kind through the platform: a minute each")
    parser.add_argument("--port-offset", type=int, default=mesh.PORT_OFFSET, help="of the mesh, where another runs")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another user when we are root, and must get through
        run_dir = Path(folder) / "run"
        mesh.up(run_dir, offset=asked.port_offset)
        try:
            figures = measure(Address.of(run_dir), asked.calls)
        finally:
            mesh.down(run_dir)
    save("efficiency", figures, calls=asked.calls)
    return 0


if __name__ == "__main__":
    sys.exit(main())
