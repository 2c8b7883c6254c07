"""The connector against `python -m sandbox.airtable` as a process of its own, its limits and penalty on."""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from chassis.testing import AppClient

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with closing(socket.socket()) as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


@pytest.fixture(scope="module")
def ports() -> Iterator[tuple[int, int]]:
    """(API, admin) ports of a running sandbox."""
    api, admin = free_port(), free_port()
    command = [sys.executable, "-m", "sandbox.airtable", "--port", str(api), "--admin-port", str(admin)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert b"Airtable sandbox on" in process.stdout.readline()
            yield api, admin
        finally:
            process.terminate()
            process.wait(timeout=10)


@pytest.fixture
def url(ports: tuple[int, int]) -> str:
    return f"http://127.0.0.1:{ports[0]}"


@pytest.fixture
def limits() -> dict[str, object]:
    """Airtable's real limit."""
    return {}


@pytest.fixture
def fresh() -> None:
    """The simulated Airtable remembers the test before, so the limiter does too."""


async def statuses(ports: tuple[int, int]) -> dict[str, int]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{ports[1]}/requests") as answer:
        found: dict[str, int] = (await answer.json())["byStatus"]
        return found


async def test_thirteen_requests_at_once_take_their_turn_and_none_meets_the_limit(
    client: AppClient, ports: tuple[int, int]
) -> None:
    bases = (await client.get("/api/v1/bases")).json()["items"]
    base = next(base["id"] for base in bases if base["name"] == "CRM")
    began = time.monotonic()
    path = f"/api/v1/bases/{base}/tables/Companies/records?page_size="
    answers = await asyncio.gather(
        *(client.get(f"{path}{size}", headers={"x-timeout-ms": "30000"}) for size in range(1, 14))
    )
    took = time.monotonic() - began
    assert [answer.status for answer in answers] == [200] * 13
    assert "429" not in await statuses(ports)
    assert 2.0 <= took < 6.0


async def test_what_was_written_is_there(client: AppClient) -> None:
    bases = (await client.get("/api/v1/bases")).json()["items"]
    base = next(base["id"] for base in bases if base["name"] == "CRM")
    headers = {"x-timeout-ms": "30000"}
    records = f"/api/v1/bases/{base}/tables/Lead%20import/records"
    made = await client.post(records, json={"records": [{"fields": {"Name": "New lead"}}]}, headers=headers)
    record = made.json()["records"][0]["id"]
    one = await client.get(f"{records}/{record}", headers=headers)
    assert one.json()["fields"]["Name"] == "New lead"
    assert (await client.delete(f"{records}/{record}", headers=headers)).json() == {"id": record, "deleted": True}
