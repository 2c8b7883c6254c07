"""The audit trail against its own administrator: one byte of one row, changed in PostgreSQL, is found and named."""

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import asyncpg

from demo.client import Address, Client
from demo.journey import Place
from demo.report import Step, check

WITHIN = 10.0  # s until the entry of an answered write is in the trail
# As the owner of the tables: the service's own role may only insert and read.
FLIP = """
    UPDATE append_only.entries SET entry = set_byte(entry, 20, get_byte(entry, 20) # 1)
    WHERE tenant = 'local' AND index = $1
"""


def tamper(client: Client, address: Address, place: Place, run_dir: Path, step: Step) -> None:
    """Write, change a byte of the write's entry, have it found; put it back, so that the demo can be repeated."""
    made = client.ask("POST", place.records, json={"records": [{"fields": {place.name_field: "Audited"}}]})
    check(made.status == 201, f"the write is answered {made.status}")
    entry = _entry(client, made.trace)
    client.send("DELETE", f"{place.records}/{made.body['records'][0]['id']}")
    index = entry["index"]
    step.note(f"entry {index} says: {entry['entry']['action']} by {entry['entry']['actor']['id']}, {made.trace}")
    owner = json.loads((run_dir / "secrets.json").read_text("utf-8"))["database-owner-url/audit-service"]
    asyncio.run(_flip(owner, index))
    try:
        verdict = _verify(address)
    finally:
        asyncio.run(_flip(owner, index))
    step.note("UPDATE append_only.entries, one bit of one byte, as the owner of the table")
    step.lines.extend(f"| $ pyat audit verify → {verdict.returncode}: {line}" for line in verdict.stdout.splitlines())
    check(verdict.returncode == 1, f"pyat audit verify ends with {verdict.returncode}")
    check(f"index {index}:" in verdict.stdout.splitlines()[0], "the first line names the entry")
    restored = _verify(address)
    check(restored.returncode == 0, f"put back, the trail verifies again: {restored.stdout}")
    step.lines.append(f"| put back: {restored.stdout.strip()}")


def _entry(client: Client, trace: str) -> dict[str, Any]:
    until = time.monotonic() + WITHIN
    while time.monotonic() < until:
        for item in client.get("/api/v1/audit/entries", trace_id=trace)["items"]:
            found: dict[str, Any] = item
            return found
        time.sleep(0.05)
    raise LookupError(f"the trail has no entry of trace {trace} after {WITHIN} s")


async def _flip(owner: str, index: int) -> None:
    connection = await asyncpg.connect(owner, timeout=5)
    try:
        await connection.execute(FLIP, index)
    finally:
        await connection.close()


def _verify(address: Address) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "cli", "audit", "verify"]
    environment = {"PLATFORM_URL": address.url, "PLATFORM_KEY": address.key, "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
