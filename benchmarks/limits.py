"""`make headline`: Airtable's limit at full size, whatever starts or dies meanwhile.

25 threads of stock pyairtable, its retries off, each 20 creates and 20 deletes of records of its own on one base:
straight at the simulated Airtable, through a platform that has only just started, while rate-limiter-service is
killed, and through two connectors of which one is killed. Then two tenants at once. The simulator's log is the
witness. Exits 1 when a sentence does not hold. Minutes, on a mesh of its own.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks import mesh
from benchmarks.result import save
from chassis._principal import Principal, issue
from contracts.rate_limiter_service import Acquire
from demo.client import Address, Client
from demo.failure import processes
from demo.headline import LIMIT, THREADS, Outcome, most_in_a_second, place, seen, straight, through_platform, write_all
from local.credentials import Credentials

CONNECTOR, LIMITER = "airtable-connector", "rate-limiter-service"
LONGER = 1.05  # times calls / limit
SHARE = 0.45  # of what a base takes, for each of two tenants
READY_WITHIN = 60.0  # s, for a second connector
TENANTS = {"greedy": 20, "modest": 10}  # callers of each at the same time


@dataclass(frozen=True)
class Through:
    """One run of the writers, and what Airtable's log says of it."""

    outcome: Outcome
    arrivals: list[float]
    refused_by_airtable: int

    @property
    def longer(self) -> float:
        """Its duration over what the limit alone asks for."""
        return self.outcome.seconds / (len(self.arrivals) / LIMIT)


class Report:
    """Sentences, each with its figure and whether it holds."""

    def __init__(self) -> None:
        self.failed: list[str] = []

    def say(self, sentence: str, holds: bool, figure: object) -> None:
        print(f"  {'ok    ' if holds else 'FAILED'}  {sentence}: {figure}", flush=True)
        if not holds:
            self.failed.append(sentence)

    def of(self, name: str, run: Through, *, timed: bool = False) -> None:
        outcome, most = run.outcome, most_in_a_second(run.arrivals)
        print(f"{name}: {len(run.arrivals)} calls in {outcome.seconds:.1f} s", flush=True)
        self.say(f"{name}, writers that finish", outcome.finished == THREADS, f"{outcome.finished} of {THREADS}")
        for reason, times in outcome.reasons.most_common(3):
            print(f"          {times} x {reason}", flush=True)
        self.say(f"{name}, most arrivals in any second", most <= LIMIT, most)
        self.say(f"{name}, refusals by Airtable", run.refused_by_airtable == 0, run.refused_by_airtable)
        if timed:
            self.say(f"{name}, duration over calls / {LIMIT}", run.longer <= LONGER, f"{run.longer:.3f}")


def through(address: Address, base: str, table: str, name: str, each: int, meanwhile: Callable[[], None]) -> Through:
    """The writers through the platform; `meanwhile` runs beside them."""
    before = seen(address, 0)["last"]
    disturber = threading.Thread(target=meanwhile)
    disturber.start()
    outcome = write_all(through_platform(address), base, table, name, each=each)
    disturber.join()
    found = [entry for entry in seen(address, before)["requests"] if entry["base"] == base]
    refused = sum(entry["status"] == 429 for entry in found)
    return Through(outcome, [entry["arrived"] for entry in found], refused)


def killing(address: Address, run_dir: Path, name: str, after_calls: int) -> Callable[[], None]:
    """Kills `name` once Airtable has seen that many calls more."""
    before = seen(address, 0)["last"]

    def kill() -> None:
        until = time.monotonic() + READY_WITHIN
        while seen(address, before)["last"] < before + after_calls and time.monotonic() < until:
            time.sleep(0.05)
        os.kill(processes(run_dir)[name]["pid"], signal.SIGKILL)

    return kill


@contextmanager
def two_connectors(run_dir: Path) -> Iterator[str]:
    """The second one's name, when it is ready."""
    second = f"{CONNECTOR}@1"
    mesh.scale(run_dir, CONNECTOR, 2)
    try:
        until = time.monotonic() + READY_WITHIN
        while processes(run_dir).get(second, {}).get("state") != "ready":
            if time.monotonic() > until:
                raise TimeoutError(f"{second} is not ready after {READY_WITHIN} s")
            time.sleep(0.1)
        yield second
    finally:
        mesh.scale(run_dir, CONNECTOR, 1)


def shares(run_dir: Path, base: str, seconds: float) -> dict[str, float]:
    """What each of two tenants gets of the turns at a base, one with twice as many callers as the other.

    Asked of rate-limiter-service through its own sidecar, as the connector asks: until there is auth-service, the
    gateway knows one tenant only.
    """
    secrets = json.loads((run_dir / "secrets.json").read_text())
    sidecar = processes(run_dir)[f"{CONNECTOR}.sidecar"]["ports"]["http"]
    ours = Credentials.load_or_create(run_dir).dapr_api_token(CONNECTOR)
    given: Counter[str] = Counter()
    lock = threading.Lock()
    until = time.monotonic() + seconds

    def ask(tenant: str) -> None:
        token = issue(Principal("developer", tenant, ("*",)), secrets["identity/signing-key"], lifetime=3_600)
        headers = {
            "dapr-api-token": ours,
            "dapr-app-id": LIMITER,
            "authorization": f"Bearer {token}",
            "x-timeout-ms": "60000",
        }
        wanted = Acquire(base=base, token=f"token-{tenant}", priority="interactive", budget=60).model_dump()
        with httpx.Client(base_url=f"http://127.0.0.1:{sidecar}", headers=headers, timeout=60) as client:
            while time.monotonic() < until:
                client.post("/acquire", json=wanted).raise_for_status()
                if time.monotonic() < until:
                    with lock:
                        given[tenant] += 1

    threads = [threading.Thread(target=ask, args=(tenant,)) for tenant, n in TENANTS.items() for _ in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {tenant: given[tenant] / (seconds * LIMIT) for tenant in TENANTS}


def measure(run_dir: Path, each: int, report: Report) -> dict[str, float]:
    address = Address.of(run_dir)
    with Client(address) as client:
        base, table, name = place(client, "CRM")
        elsewhere = place(client, "Projects")
    direct = write_all(straight(address), *elsewhere, each=each)
    print(f"straight at Airtable, {direct.seconds:.1f} s", flush=True)
    report.say("straight at Airtable, writers that finish", direct.finished < THREADS / 2, direct.finished)

    cold = through(address, base, table, name, each, lambda: None)
    report.of("from a cold start", cold, timed=True)
    limiter = killing(address, run_dir, LIMITER, after_calls=5 * LIMIT)
    restarted = through(address, base, table, name, each, limiter)
    report.of("rate-limiter-service killed", restarted)
    with two_connectors(run_dir) as second:
        killed = through(address, base, table, name, each, killing(address, run_dir, second, after_calls=5 * LIMIT))
    report.of("one of two connectors killed", killed)

    got = shares(run_dir, elsewhere[0], seconds=30)
    for tenant, share in got.items():
        report.say(f"two tenants at once, share of {tenant}", share >= SHARE, f"{share:.3f}")
    return {
        "writers that finish, straight at Airtable": direct.finished,
        "writers that finish, through the platform": cold.outcome.finished,
        "writers that finish, limiter killed": restarted.outcome.finished,
        "writers that finish, one of two connectors killed": killed.outcome.finished,
        "duration / (calls / 5)": cold.longer,
        "client's calls / Airtable's calls": 2 * each * THREADS / len(cold.arrivals),
        "most arrivals in any second": max(most_in_a_second(run.arrivals) for run in (cold, restarted, killed)),
        **{f"share of tenant {tenant}": share for tenant, share in got.items()},
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=20, help="creates, and as many deletes, of each thread")
    parser.add_argument("--port-offset", type=int, default=mesh.PORT_OFFSET, help="of the mesh, where another runs")
    asked = parser.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another user when we are root, and must get through
        run_dir = Path(folder) / "run"
        mesh.up(run_dir, offset=asked.port_offset)
        try:
            figures = measure(run_dir, asked.each, report)
        finally:
            mesh.down(run_dir)
    save("limits", figures, each=asked.each, failed=report.failed)
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
