"""A gateway on this machine's loopback that answers what a test tells it, and `pyat` as a person runs it."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from click.testing import Result
from typer.testing import CliRunner

from cli.commands import app

BASE = "appCRM00000000001"


@dataclass
class Request:
    method: str
    path: str
    params: list[tuple[str, str]]
    headers: dict[str, str]
    body: Any


@dataclass
class FakeGateway:
    """`answers[(method, path)]` is a list of (status, body[, headers]); the last one is repeated."""

    url: str = ""
    answers: dict[tuple[str, str], list[tuple[Any, ...]]] = field(default_factory=dict)
    seen: list[Request] = field(default_factory=list)

    def on(self, method: str, path: str, body: Any, status: int = 200, **headers: str) -> None:
        self.answers.setdefault((method, path), []).append((status, body, headers))

    def answer(self, request: Request) -> tuple[int, Any, dict[str, str]]:
        self.seen.append(request)
        prepared = self.answers.get((request.method, request.path))
        if not prepared:
            return 404, {"code": "request.unknown-route", "status": 404, "fault": "client", "title": "No route"}, {}
        status, body, headers = prepared.pop(0) if len(prepared) > 1 else prepared[0]
        return status, body, headers


def handler(gateway: FakeGateway) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            sent = self.rfile.read(length)
            parts = urlsplit(self.path)
            request = Request(
                self.command,
                parts.path,
                parse_qsl(parts.query),
                {name.lower(): value for name, value in self.headers.items()},
                json.loads(sent) if sent else None,
            )
            status, body, headers = gateway.answer(request)
            content = (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do  # noqa: N815 the names the base class looks for

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the test's output is the test's."""

    return Handler


@pytest.fixture
def gateway() -> Iterator[FakeGateway]:
    fake = FakeGateway()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(fake))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_port}"
    yield fake
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and a current directory of the test's own, with no platform set up."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("PLATFORM_URL", raising=False)
    monkeypatch.delenv("PLATFORM_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Pyat:
    def __init__(self) -> None:
        self._runner = CliRunner()

    def __call__(self, *arguments: str, input: str | None = None) -> Result:
        return self._runner.invoke(app, list(arguments), input=input, catch_exceptions=False)


@pytest.fixture
def pyat(gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch) -> Pyat:
    """`pyat`, pointed at the fake gateway by the environment."""
    monkeypatch.setenv("PLATFORM_URL", gateway.url)
    monkeypatch.setenv("PLATFORM_KEY", "a-key")
    return Pyat()


@pytest.fixture
def lonely() -> Pyat:
    """`pyat` that nobody pointed anywhere."""
    return Pyat()
