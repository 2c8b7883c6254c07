"""Why the platform exists: many writers on one base, with the client library a team already uses.

The same program twice, its retries off: straight at Airtable, and with only `endpoint_url` and the key changed. The
simulated Airtable keeps its limit, 5 requests a second and base, and its 30 s penalty; its own log is the witness.
"""

import contextlib
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pyairtable

from demo.client import Address, Client
from demo.report import Step, check

THREADS = 25
LIMIT = 5  # requests a base takes in any second
# A little above calls/limit, for the ends of a program that takes 10 s; the long one, `make headline`, has less.
LONGER = 1.15
CLIENT_PATIENCE = (10, 110)  # s for the connection, for the answer


@dataclass
class Outcome:
    """What became of the writers' calls."""

    finished: int = 0
    refused: int = 0
    seconds: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, failure: object = None) -> None:
        with self._lock:
            self.finished += failure is None
            self.refused += failure is not None
            if failure is not None:
                self.reasons[str(failure)[:300]] += 1


def show(address: Address, client: Client, step: Step) -> None:
    """Step 1 of the demo: most of 25 writers fail at Airtable, all of them finish through the platform."""
    # Another base than below, because Airtable closes it for 30 s now.
    direct = write_all(straight(address), *place(client, "Projects"), each=1)
    before = seen(address, 0)["last"]
    base, table, name = place(client, "CRM")
    through = write_all(through_platform(address), base, table, name, each=1)
    arrivals = [entry["arrived"] for entry in seen(address, before)["requests"] if entry["base"] == base]

    step.note(f"straight at Airtable: {direct.finished} of {THREADS} finished, {direct.refused} were refused")
    step.note(f"through the platform: {through.finished} of {THREADS} finished in {through.seconds:.1f} s")
    step.note(f"Airtable's log: {len(arrivals)} calls, at most {most_in_a_second(arrivals)} in any second")
    check(direct.finished < THREADS / 2, f"{direct.finished} writers finished at Airtable itself")
    check(through.finished == THREADS, f"{through.refused} writers failed through the platform")
    check(most_in_a_second(arrivals) <= LIMIT, f"{most_in_a_second(arrivals)} calls arrived in one second")
    longest = LONGER * len(arrivals) / LIMIT + 1
    check(through.seconds <= longest, f"it took {through.seconds:.1f} s, more than {longest:.1f}")


def write_all(api: Callable[[], pyairtable.Api], base: str, table: str, name_field: str, *, each: int) -> Outcome:
    """25 threads, each with a client of its own: `each` creates, then as many deletes, of records of its own."""
    outcome, ready = Outcome(), threading.Barrier(THREADS + 1)

    def writer() -> None:
        own = api()
        with contextlib.closing(own.session):
            ready.wait()
            try:
                records = own.table(base, table)
                made = [records.create({name_field: f"Writer {uuid.uuid4().hex[:8]}"})["id"] for _ in range(each)]
                gone = [records.delete(record)["deleted"] for record in made]
                outcome.count(None if all(gone) else "a delete was not confirmed")
            except Exception as failure:  # requests' errors of every kind: that it failed is what is counted
                outcome.count(failure)

    threads = [threading.Thread(target=writer) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    ready.wait()
    began = time.monotonic()
    for thread in threads:
        thread.join()
    outcome.seconds = time.monotonic() - began
    return outcome


def seen(address: Address, since: int) -> dict[str, Any]:
    """What the simulated Airtable saw after request number `since`."""
    answer = httpx.get(f"{address.sandbox_admin_url}/requests", params={"since": since})
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


def most_in_a_second(arrivals: list[float]) -> int:
    ordered = sorted(arrivals)
    return max((sum(at <= other < at + 1 for other in ordered) for at in ordered), default=0)


def straight(address: Address) -> Callable[[], pyairtable.Api]:
    return lambda: pyairtable.Api(
        address.sandbox_token, endpoint_url=address.sandbox_url, retry_strategy=None, timeout=CLIENT_PATIENCE
    )


def through_platform(address: Address) -> Callable[[], pyairtable.Api]:
    return lambda: pyairtable.Api(address.key, endpoint_url=address.url, retry_strategy=None, timeout=CLIENT_PATIENCE)


def place(client: Client, base_name: str) -> tuple[str, str, str]:
    """A base, a table of it whose primary field is a text, and that field."""
    base = next(one["id"] for one in client.get("/api/v1/bases")["items"] if one["name"] == base_name)
    for table in client.get(f"/api/v1/bases/{base}/tables")["items"]:
        primary = next(one for one in table["fields"] if one["id"] == table["primary_field_id"])
        if primary["type"] == "singleLineText":
            return base, table["name"], primary["name"]
    raise LookupError(f"no table of {base_name} has a text as its primary field")
