"""`python -m chassis <app-id>`: an app as a process, from its first refusal to its last answer."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import orjson
import pytest

from .sidecars import free_ports

PROJECT = Path(__file__).parents[2]
TELEMETRY = "127.0.0.2" if sys.platform == "linux" else "127.0.0.1"

SETTINGS = """
from chassis import AppSettings
class Settings(AppSettings):
    page_size: int = 10
"""
APP = """
import asyncio
from fastapi import FastAPI
from chassis import Router, create_app
from .settings import Settings
router = Router()

@router.get("/slow")
async def slow() -> dict[str, bool]:
    print("slow begun", flush=True)
    await asyncio.sleep(0.4)
    return {"done": True}

@router.get("/stuck")
async def stuck() -> None:
    print("slow begun", flush=True)
    await asyncio.Event().wait()

def create(settings: Settings) -> FastAPI:
    return create_app(settings, routers=[router])
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A project with one app and no neighbours, in which a connection has half a second to send its headers."""
    folder = tmp_path_factory.mktemp("project")
    package = folder / "apps" / "note_service"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("import chassis._protocol as protocol\nprotocol.HEAD_WITHIN = 0.5\n")
    (package.parent / "__init__.py").touch()  # or the project's own apps would be found first
    (package / "settings.py").write_text(SETTINGS)
    (package / "app.py").write_text(APP)
    return folder


async def started(folder: Path, app_id: str = "note-service", **environment: object) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-m", "chassis", app_id,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{folder}:{PROJECT}"}
        | {name: str(value) for name, value in environment.items()},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


WRONG = [
    ("note-service", {"NOTE_SERVICE_PAGE_SIZE": "canary"}, "config.invalid: NOTE_SERVICE_PAGE_SIZE: "),
    ("note-service", {"NOTE_SERVICE_PAGESIZE": "1"}, "config.invalid: NOTE_SERVICE_PAGESIZE: no such setting"),
    ("note-servise", {}, "config.invalid: APP_ID: there is no such app; did you mean note-service?"),
    ("note-service", {"APP_ID": "other-service"}, "config.invalid: APP_ID: "),
]


async def test_a_wrong_configuration_is_one_line_and_exit_78(folder):
    async def refused(app_id, environment, line):
        process = await started(folder, app_id, **environment)
        out, err = await process.communicate()
        assert process.returncode == 78
        assert err.decode().startswith(line)
        assert err.count(b"\n") == 1
        assert b"canary" not in err + out

    await asyncio.gather(*(refused(*each) for each in WRONG))


class Served:
    def __init__(self, process: asyncio.subprocess.Process, port: int, telemetry: int, headers: dict[str, str]) -> None:
        self.process, self.port, self.telemetry, self.headers = process, port, telemetry, headers

    async def get(self, path: str, port: int = 0) -> tuple[int, bytes]:
        address = f"http://{TELEMETRY if port else '127.0.0.1'}:{port or self.port}{path}"
        async with aiohttp.ClientSession(headers=self.headers) as session, session.get(address) as answer:
            return answer.status, await answer.read()

    async def listens(self) -> None:
        """It binds its port last, after it has said that it started."""
        while True:
            with suppress(ConnectionRefusedError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                return
            await asyncio.sleep(0.01)

    async def line(self, event: str) -> bytes:
        assert self.process.stdout
        while event.encode() not in (line := await self.process.stdout.readline()):
            assert line, "the process is gone"
        return line


@asynccontextmanager
async def serving(folder, dapr) -> AsyncIterator[Served]:
    port, telemetry = free_ports(2)
    tokens = {"APP_API_TOKEN": "app-token", "DAPR_API_TOKEN": "sidecar-token"}
    ports = {"APP_PORT": port, "TELEMETRY_HOST": TELEMETRY, "TELEMETRY_PORT": telemetry, "DAPR_HTTP_PORT": dapr.port}
    process = await started(folder, **tokens, **ports)
    served = Served(process, port, telemetry, dapr.headers())
    try:
        async with asyncio.timeout(20):
            await served.line('"started"')
            await served.listens()
            yield served
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_a_process_serves_and_tells_about_itself(folder, dapr):
    async with serving(folder, dapr) as served:
        assert (await served.get("/healthz"))[0] == 200
        assert (await served.get("/nowhere"))[0] == 404
        status, info = await served.get("/info", served.telemetry)
        document = orjson.loads(info)
        assert (status, document["app"], document["waits_for"], document["breakers"]) == (200, "note-service", [], {})
        assert "NOTE_SERVICE_PAGE_SIZE" in document["settings"]
        assert b"app-token" not in info
        _, metrics = await served.get("/metrics", served.telemetry)
        assert b'http_request_duration_seconds_count{method="GET",route="",status="404"} 1.0' in metrics
        assert b"event_loop_lag_seconds_count" in metrics
        assert b"process_resident_memory_bytes" in metrics
        assert (await served.get("/other", served.telemetry))[0] == 404
        await a_second_one_on_the_same_port_ends_with_an_error(served, folder, dapr)
        await headers_that_do_not_end_are_cut_off_at_64_kib(served)
        await a_connection_that_sends_no_whole_request_is_closed(served)


async def test_a_request_under_way_is_answered_before_the_process_ends(folder, dapr):
    async with serving(folder, dapr) as served:
        asking = asyncio.create_task(served.get("/slow"))
        await served.line("slow begun")
        served.process.send_signal(signal.SIGTERM)
        assert await asking == (200, b'{"done":true}')
        assert await served.process.wait() == 0


async def test_a_request_that_does_not_end_holds_the_process_up_for_less_than_5_seconds(folder, dapr):
    async with serving(folder, dapr) as served:
        served.headers["x-timeout-ms"] = "60000"
        asking = asyncio.create_task(served.get("/stuck"))
        await served.line("slow begun")
        served.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(5):
            assert await served.process.wait() == 0
        await asyncio.gather(asking, return_exceptions=True)


async def test_the_port_is_open_before_the_sidecar_is_there(folder, dapr):
    port, telemetry = free_ports(2)
    process = await started(folder, APP_PORT=port, TELEMETRY_PORT=telemetry, DAPR_HTTP_PORT=free_ports(1)[0])
    served = Served(process, port, telemetry, {})
    try:
        async with asyncio.timeout(20):
            while True:
                try:
                    status, body = await served.get("/readyz")
                    break
                except aiohttp.ClientConnectorError:
                    await asyncio.sleep(0.05)
        assert (status, orjson.loads(body)["waits_for"]) == (503, ["its sidecar"])
    finally:
        process.kill()
        await process.communicate()


async def a_second_one_on_the_same_port_ends_with_an_error(served, folder, dapr):
    ports = {"APP_PORT": served.port, "TELEMETRY_PORT": free_ports(1)[0], "DAPR_HTTP_PORT": dapr.port}
    second = await started(folder, **ports)
    out, err = await second.communicate()
    assert second.returncode == 3  # uvicorn's word for a start that failed
    assert b"address already in use" in out + err


async def headers_that_do_not_end_are_cut_off_at_64_kib(served):
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(b"GET /healthz HTTP/1.1\r\nx-endless: ")
    sent = 0
    with suppress(ConnectionError):
        while sent < 2**20:
            writer.write(b"x" * 4096)
            sent += 4096
            await writer.drain()
            await asyncio.sleep(0.001)
    answer = b""
    with suppress(ConnectionError):
        answer = await reader.read()
    writer.close()
    assert sent < 2**20
    assert not answer or (b"request.headers-too-large" in answer and b"\r\nx-trace-id: " in answer)
    assert (await served.get("/healthz"))[0] == 200


async def a_connection_that_sends_no_whole_request_is_closed(served):
    for port, start, said in (
        (served.port, b"", b""),
        (served.port, b"GET /healthz HTTP/1.1\r\nhost:", b'"request.too-slow"'),
        (served.telemetry, b"GET /metrics HTTP/1.1\r\nhost:", b'"request.too-slow"'),
    ):
        host = TELEMETRY if port == served.telemetry else "127.0.0.1"
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(start)
        async with asyncio.timeout(3):
            answer = await reader.read()
        assert said in answer
        assert bool(answer) == bool(said)
        writer.close()
