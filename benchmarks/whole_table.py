"""`python -m benchmarks.whole_table`: a table of a million records, read as one stream by a client that is slow.

The client takes so many records a second, and in the middle nothing at all for a while. Whoever stands in between,
gateway, connector and both sidecars, may not keep what the client does not take: how much memory each of them needs
beyond what it had when the stream had just begun is printed. The simulated Airtable's limit is off, and ours is as high
as it goes, or this would take an hour. Minutes, on a mesh of its own.
"""

import argparse
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import orjson
import psutil

from benchmarks import mesh
from benchmarks.result import save
from demo.client import Address
from demo.failure import processes

BASE = "app" + "W" * 14
WATCHED = ("api-gateway", "api-gateway.sidecar", "airtable-connector", "airtable-connector.sidecar")
WARM = 5_000  # records, after which memory is first looked at
RESTS = 20.0  # s without taking anything, in the middle
SEEDED = 20_000  # records at a time
FASTER = {"RATE_LIMITER_SERVICE_BASE_RATE": "100", "RATE_LIMITER_SERVICE_TOKEN_RATE": "1000"}


class Memory:
    """What each watched process shares with nobody, in MB: when the watch began, and the most until its end."""

    def __init__(self, run_dir: Path) -> None:
        found = processes(run_dir)
        self._processes = {name: psutil.Process(found[name]["pid"]) for name in WATCHED}
        self._first = self._now()
        self._most = dict(self._first)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def grown(self) -> dict[str, float]:
        return {name: self._most[name] - first for name, first in self._first.items()}

    def _watch(self) -> None:
        while not self._stop.wait(1):
            self._most = {name: max(self._most[name], now) for name, now in self._now().items()}

    def _now(self) -> dict[str, float]:
        return {name: process.memory_full_info().uss / 1e6 for name, process in self._processes.items()}


def fill(address: Address, records: int) -> None:
    """A base with one table of so many records at the simulator, whose limits are off from now on."""
    fields = [
        {"name": "Name", "type": "singleLineText"},
        {"name": "Amount", "type": "number"},
        {"name": "Note", "type": "multilineText"},
    ]
    base = {"id": BASE, "name": "Large", "tables": [{"name": "Orders", "fields": fields, "records": []}]}
    with httpx.Client(base_url=address.sandbox_admin_url or "", timeout=300) as admin:
        admin.post("/limits", json={"mode": "off"}).raise_for_status()
        admin.post("/seed", json={"bases": [base]}).raise_for_status()
        for first in range(0, records, SEEDED):
            made = [
                {"Name": f"Order {n}", "Amount": n % 1000, "Note": "Paid in advance, to be delivered on Monday. " * 4}
                for n in range(first, min(first + SEEDED, records))
            ]
            edit = {"base": BASE, "table": "Orders", "create": made}
            admin.post("/edits", json=edit).raise_for_status()
        print(f"  {records} records at the simulated Airtable", flush=True)


def read(address: Address, run_dir: Path, records: int, per_second: float) -> dict[str, float]:
    """The figures of one reading; raises AssertionError when a record is missing or came twice."""
    headers = {"authorization": f"Bearer {address.key}", "accept": "application/x-ndjson"}
    url, seen, last = f"{address.url}/api/v1/bases/{BASE}/tables/Orders/records", set[str](), b""
    memory: Memory | None = None
    try:
        with httpx.stream("GET", url, headers=headers, timeout=120) as answer:
            began, rested = time.monotonic(), 0.0
            for line in lines(answer):
                last = line
                if not (line.startswith(b'{"id"') and line.endswith(b"}")):
                    break
                seen.add(orjson.loads(line)["id"])
                if len(seen) == WARM:
                    memory = Memory(run_dir)
                    memory.__enter__()
                if len(seen) == records // 2:
                    time.sleep(RESTS)
                    rested = RESTS
                if len(seen) % 1_000 == 0:
                    time.sleep(max(0.0, began + rested + len(seen) / per_second - time.monotonic()))
            seconds = time.monotonic() - began
    finally:
        if memory:
            memory.__exit__()
    print(f"  {len(seen)} records after {seconds:.0f} s, then {last[:200]!r}", flush=True)
    assert orjson.loads(last) == {"complete": True, "records": records, "restarts": 0}, last
    assert len(seen) == records, f"{len(seen)} records of {records}"
    assert memory is not None, f"the table needs more than {WARM} records"
    return {"records": records, "seconds": seconds, **{f"MB more, {name}": mb for name, mb in memory.grown.items()}}


def lines(answer: httpx.Response) -> Iterator[bytes]:
    """As they come, without one byte more than the client has taken."""
    rest = b""
    for piece in answer.iter_raw():
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
    if rest:
        yield rest


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--per-second", type=float, default=4_000, help="what the client takes")
    parser.add_argument("--port-offset", type=int, default=mesh.PORT_OFFSET, help="of the mesh, where another runs")
    asked = parser.parse_args()
    os.environ.update(FASTER)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another user when we are root, and must get through
        run_dir = Path(folder) / "run"
        mesh.up(run_dir, offset=asked.port_offset)
        try:
            address = Address.of(run_dir)
            fill(address, asked.records)
            figures = read(address, run_dir, asked.records, asked.per_second)
        finally:
            mesh.down(run_dir)
    save("whole_table", figures, records_per_second=asked.per_second)
    return 0


if __name__ == "__main__":
    sys.exit(main())
