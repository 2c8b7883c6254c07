"""What the gateway costs: a cached 100-record list straight from the app, over two sidecars, and over the gateway.

Goals: (gateway − direct) / (sidecars − direct) ≤ 1.3 at p50 and ≤ 2 at p99; the gateway's CPU ≤ that of the two
sidecars. A bare proxy of the same two libraries shows how much of it they cost before any work is done.
`python -m benchmarks.hop [--run-dir DIR]` against a running mesh.
"""

import argparse
import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path as File

from yarl import URL

from benchmarks.open_loop import Path, Run, compare
from benchmarks.result import save
from chassis._principal import Principal, issue
from demo.client import Address, Client
from demo.failure import processes
from demo.journey import find_place
from local.credentials import Credentials

CONNECTOR, GATEWAY = "airtable-connector", "api-gateway"
BARE_PORT = 29_999


def ways(run_dir: File, address: Address, query: str) -> list[Path]:
    """The four ways to the same bytes."""
    ports = {name: entry["ports"] for name, entry in processes(run_dir).items()}
    secrets = json.loads((run_dir / "secrets.json").read_text())
    credentials = Credentials.load_or_create(run_dir)
    developer = Principal("developer", "local", ("*",))
    token = issue(developer, secrets["identity/signing-key"], lifetime=3_600)
    inside = {"authorization": f"Bearer {token}", "x-timeout-ms": "30000"}
    return [
        Path(
            "direct",
            f"http://127.0.0.1:{ports[CONNECTOR]['http']}{query}",
            inside | {"dapr-api-token": credentials.app_api_token(CONNECTOR), "dapr-caller-app-id": GATEWAY},
        ),
        Path(
            "two sidecars",
            f"http://127.0.0.1:{ports[f'{GATEWAY}.sidecar']['http']}{query}",
            inside | {"dapr-api-token": credentials.dapr_api_token(GATEWAY), "dapr-app-id": CONNECTOR},
        ),
        Path("bare proxy", f"http://127.0.0.1:{BARE_PORT}{query}", {}),
        Path("gateway", f"{address.url}{query}", {"authorization": f"Bearer {address.key}"}),
    ]


@contextmanager
def bare_proxy(sidecars: Path) -> Iterator[int]:
    """Runs `benchmarks.bare_proxy` in front of the same two sidecars; its process id."""
    origin = f"http://127.0.0.1:{URL(sidecars.url).port}"
    command = [sys.executable, "-m", "benchmarks.bare_proxy", str(BARE_PORT), origin]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin
        process.stdin.write(json.dumps({**sidecars.headers, "accept-encoding": "gzip"}).encode())
        process.stdin.close()
        try:
            while True:
                try:
                    socket.create_connection(("127.0.0.1", BARE_PORT), 1).close()
                    break
                except OSError:
                    time.sleep(0.05)
            yield process.pid
        finally:
            process.terminate()


def summary(runs: dict[str, Run]) -> dict[str, float]:
    direct, sidecars, bare, gateway = runs["direct"], runs["two sidecars"], runs["bare proxy"], runs["gateway"]
    cpu = gateway.cpu
    sidecar_cpu = cpu[f"{GATEWAY}.sidecar"] + cpu[f"{CONNECTOR}.sidecar"]
    return {
        "added p50, gateway / sidecars": (gateway.p50 - direct.p50) / (sidecars.p50 - direct.p50),
        "added p99, gateway / sidecars": (gateway.p99 - direct.p99) / (sidecars.p99 - direct.p99),
        "added p50, bare proxy / sidecars": (bare.p50 - direct.p50) / (sidecars.p50 - direct.p50),
        "added p50, gateway / bare proxy": (gateway.p50 - direct.p50) / (bare.p50 - direct.p50),
        "gateway CPU / two sidecars' CPU": cpu[GATEWAY] / sidecar_cpu,
        "gateway CPU / bare proxy's CPU": cpu[GATEWAY] / bare.cpu["bare proxy"],
        "p50, gateway / direct": gateway.p50 / direct.p50,
        **{f"{name} p50 ms": run.p50 for name, run in runs.items()},
        **{f"{name} p99 ms": run.p99 for name, run in runs.items()},
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run-dir", type=File, default=File(".run"))
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--seconds", type=float, default=5, help="per path and round")
    parser.add_argument("--rounds", type=int, default=6)
    arguments = parser.parse_args()

    address = Address.of(arguments.run_dir)
    with Client(address) as client:
        place = find_place(client)
    query = f"{place.records}?page_size=100"
    running = processes(arguments.run_dir)
    pids = {name: running[name]["pid"] for name in (GATEWAY, CONNECTOR, f"{GATEWAY}.sidecar", f"{CONNECTOR}.sidecar")}
    paths = ways(arguments.run_dir, address, query)
    with bare_proxy(paths[1]) as pid:
        measure = compare(
            paths,
            pids | {"bare proxy": pid},
            rate=arguments.rate,
            seconds=arguments.seconds,
            rounds=arguments.rounds,
        )
        runs = asyncio.run(measure)
    failed = {name: run.failures for name, run in runs.items() if run.failures}
    save("hop", summary(runs), rate=arguments.rate, requests=len(runs["direct"].latencies), failed=failed)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
