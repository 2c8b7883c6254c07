"""`python -m benchmarks.zipf`: how many calls to Airtable a busy table costs, and how old an answer may be.

A trace of reads of single records, 1 % writes among them, over 400 records of one table, the n-th of them as often as
1/n (Zipf); beside it somebody edits a record of it in Airtable itself each second. It goes through the gateway at a
fixed rate, at the simulated Airtable's real limits, and the simulator's log is the witness. Staleness is the time from
an outside edit until a read through the platform shows it; a program that stands in for webhook-service tells of each,
from Airtable's own webhook (--untold: nobody does). Exits 1 when a read showed less than a write that was
answered before. Minutes, on a mesh of its own.
"""

import argparse
import asyncio
import contextlib
import random
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import httpx

from benchmarks import mesh
from benchmarks.result import save
from benchmarks.telling import Telling
from demo.client import Address
from demo.headline import seen

BASE, TABLE, KEYS = "app" + "Z" * 14, "Stock", 400
WRITES = 0.01  # of all operations
EDITED_EACH = 1.0  # s
WATCHED = 0.25  # s between two looks at a record that was edited
GIVEN_UP = 90.0  # s after which an edit is said to be never seen
AT_ONCE = 50  # operations under way; more wait in the client


@dataclass
class Seen:
    """What the client saw: ms of each read, s until each edit showed."""

    reads: list[float] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    staleness: list[float] = field(default_factory=list)
    never: int = 0
    looks: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    own_past: int = 0
    writing: list[tuple[str, float, float]] = field(default_factory=list)  # record, from, until (wall clock)


class Trace:
    """The operations, the edits beside them, and what is checked of the answers."""

    def __init__(self, address: Address, records: Sequence[str], operations: int) -> None:
        dice = random.Random(1)
        weights = [1 / rank for rank in range(1, KEYS + 1)]
        self._admin = address.sandbox_admin_url or ""
        self._table = f"{address.url}/api/v1/bases/{BASE}/tables/{TABLE}/records"
        self._operations = [(record, dice.random() < WRITES) for record in dice.choices(records, weights, k=operations)]
        self._edited = dice.choices(records, weights, k=operations)
        self._written: Counter[str] = Counter()  # record → the last number that was answered
        self._turn: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._headers = {"authorization": f"Bearer {address.key}"}
        self.seen = Seen()

    async def run(self, rate: float, most: float) -> float:
        """Seconds it took; after `most` of them no operation is begun any more."""
        connector = aiohttp.TCPConnector(limit=2 * AT_ONCE)
        async with aiohttp.ClientSession(connector=connector, headers=self._headers) as self._http:
            edits = asyncio.create_task(self._edit())
            room, began = asyncio.Semaphore(AT_ONCE), time.monotonic()
            under_way: set[asyncio.Task[None]] = set()
            for number, (record, writes) in enumerate(self._operations):
                await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
                await room.acquire()
                if time.monotonic() > began + most:
                    break
                one = asyncio.create_task(self._write(record, number) if writes else self._read(record))
                under_way.add(one)
                one.add_done_callback(under_way.discard)
                one.add_done_callback(lambda _: room.release())
            await asyncio.gather(*under_way)
            seconds = time.monotonic() - began
            edits.cancel()
            await asyncio.gather(edits, return_exceptions=True)
        return seconds

    async def _read(self, record: str) -> None:
        least, began = self._written[record], time.monotonic()
        cells = await self._cells("GET", record)
        if cells is not None:
            self.seen.reads.append((time.monotonic() - began) * 1000)
            self.seen.own_past += cells.get("Written", 0) < least

    async def _write(self, record: str, number: int) -> None:
        async with self._turn[record]:
            began = time.time()
            if await self._cells("PATCH", record, {"fields": {"Written": number}}):
                self._written[record] = number
            self.seen.writing.append((record, began, time.time()))
            self.seen.writes.append((time.time() - began) * 1000)

    async def _cells(self, method: str, record: str, body: Any = None) -> dict[str, Any] | None:
        try:
            async with self._http.request(method, f"{self._table}/{record}", json=body) as answer:
                told = await answer.json()
                if answer.status == 200:
                    return dict(told["fields"])
                self.seen.failed[str(told.get("code"))] += 1
        except (aiohttp.ClientError, TimeoutError) as error:
            self.seen.failed[type(error).__name__] += 1
        return None

    async def _edit(self) -> None:
        """An edit a second, and for each somebody who looks until it shows."""
        async with asyncio.TaskGroup() as looking:
            began = time.monotonic()
            for number, record in enumerate(self._edited, 1):
                await asyncio.sleep(max(0.0, began + number * EDITED_EACH - time.monotonic()))
                update = {"id": record, "fields": {"Outside": number}}
                edit, at = {"base": BASE, "table": TABLE, "update": [update]}, time.monotonic()
                async with self._http.post(f"{self._admin}/edits", json=edit) as answer:
                    answer.raise_for_status()
                looking.create_task(self._look(record, number, at))

    async def _look(self, record: str, number: int, since: float) -> None:
        while time.monotonic() < since + GIVEN_UP:
            cells = await self._cells("GET", record)
            self.seen.looks += 1
            if cells and cells.get("Outside", 0) >= number:
                self.seen.staleness.append(time.monotonic() - since)
                return
            await asyncio.sleep(WATCHED)
        self.seen.never += 1


def fill(address: Address) -> list[str]:
    """The base at the simulator; the ids of its records."""
    fields = [
        {"name": "Name", "type": "singleLineText"},
        {"name": "Written", "type": "number"},
        {"name": "Outside", "type": "number"},
        {"name": "Note", "type": "multilineText"},
    ]
    note = "Kept in the second hall, to be counted each Monday. " * 4
    base = {"id": BASE, "name": "Warehouse", "tables": [{"name": TABLE, "fields": fields, "records": []}]}
    made = [{"Name": f"Item {n}", "Note": note} for n in range(KEYS)]
    with httpx.Client(base_url=address.sandbox_admin_url or "", timeout=60) as admin:
        admin.post("/seed", json={"bases": [base]}).raise_for_status()
        answer = admin.post("/edits", json={"base": BASE, "table": TABLE, "create": made})
        return list(answer.raise_for_status().json()["created"])


def calls(requests: Sequence[dict[str, Any]], writing: Sequence[tuple[str, float, float]]) -> Counter[str]:
    """What Airtable was asked for. A read of nothing but records that are being written at that moment is one for
    their before-images: one for each write at most."""
    found: Counter[str] = Counter()
    open_writes = list(writing)
    for one in requests:
        text, path = f"{one['path']}?{one['query']}", one["path"].split("/")
        if "webhooks" in path:
            found["webhook"] += 1
        elif "meta" in path:
            found["schema"] += 1
        elif one["method"] != "GET":
            found["write"] += 1
        else:
            asked = set(text.replace("%22", '"').replace("%27", '"').replace('"', "/").split("/"))
            asked = {part[:17] for part in asked if part.startswith("rec") and len(part.partition("?")[0]) == 17}
            theirs = [
                next((w for w in open_writes if w[0] == record and w[1] <= one["arrived"] <= w[2]), None)
                for record in asked
            ]
            if asked and all(theirs):
                open_writes = [write for write in open_writes if write not in theirs]
                found["before-image"] += 1
            else:
                found["read"] += 1
    return found


async def play(trace: Trace, rate: float, most: float, telling: Telling | None) -> float:
    async with telling or contextlib.nullcontext():
        return await trace.run(rate, most)


def measure(run_dir: Path, operations: int, rate: float, most: float, *, told: bool) -> tuple[dict[str, float], Seen]:
    address = Address.of(run_dir)
    trace = Trace(address, fill(address), operations)
    before = seen(address, 0)["last"]
    seconds = asyncio.run(play(trace, rate, most, Telling(address, run_dir, BASE) if told else None))
    saw, done = trace.seen, len(trace.seen.reads) + len(trace.seen.writes)
    made = calls([one for one in seen(address, before)["requests"] if one["base"] == BASE], saw.writing)
    ordered = sorted(saw.staleness) or [GIVEN_UP]
    return {
        "reads / calls for reads": len(saw.reads) / made["read"],
        "operations": done,
        "operations / all calls": done / made.total(),
        "calls for reads": made["read"],
        "calls for writes": made["write"],
        "writes": len(saw.writes),
        "calls for before-images": made["before-image"],
        "calls for webhooks": made["webhook"],
        "calls for the schema": made["schema"],
        "outside edits": len(saw.staleness) + saw.never,
        "staleness p50 s": statistics.median(ordered),
        "staleness p99 s": ordered[int(0.99 * len(ordered))],
        "edits never seen": saw.never,
        "reads that showed less than an answered write": saw.own_past,
        "operations a second": done / seconds,
        "read p50 ms": statistics.median(saw.reads),
        "read p99 ms": sorted(saw.reads)[int(0.99 * len(saw.reads))],
        "write p50 ms": statistics.median(saw.writes or [0]),
        "failed": saw.failed.total(),
    }, saw


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--operations", type=int, default=100_000)
    parser.add_argument("--rate", type=float, default=250, help="operations a second, as far as the machine can")
    parser.add_argument("--most", type=float, default=3_600, help="seconds; then no operation is begun any more")
    parser.add_argument("--port-offset", type=int, default=mesh.PORT_OFFSET, help="of the mesh, where another runs")
    parser.add_argument("--untold", action="store_true", help="as if there were no webhooks")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another user when we are root, and must get through
        run_dir = Path(folder) / "run"
        mesh.up(run_dir, offset=asked.port_offset)
        try:
            figures, saw = measure(run_dir, asked.operations, asked.rate, asked.most, told=not asked.untold)
        finally:
            mesh.down(run_dir)
    save("zipf", figures, wanted=asked.operations, rate=asked.rate, told=not asked.untold, failed=dict(saw.failed))
    return 1 if saw.own_past or saw.never else 0


if __name__ == "__main__":
    sys.exit(main())
