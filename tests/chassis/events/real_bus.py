"""A real broker and a daprd for each app, with the bus and the resiliency that `make configure` writes for apps."""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import orjson
import uvicorn
import yaml
from fastapi import FastAPI

from local.topics import Topics
from tests.chassis.sidecars import free_ports, until, until_answers

from .brokers import Broker

ROOT = Path(__file__).parents[3]
TOKEN, APP_TOKEN = "sidecar-token", "app-token"
READERS = ("reader-service", "archive-service")
ALLOWED = Topics(
    published={
        "note-service": {"note-service.note-added"},
        "idle-service": set(),
        **{reader: {f"{reader}.event-failed", f"dead-letters.{reader}"} for reader in READERS},
    },
    subscribed={"note-service": set(), "idle-service": set()}
    | {each: {"note-service.note-added", f"dead-letters.{each}"} for each in READERS},
)
SECRETS = {
    "apiVersion": "dapr.io/v1alpha1",
    "kind": "Component",
    "metadata": {"name": "secrets"},
    "spec": {"type": "secretstores.local.file", "version": "v1"},
}
CONFIGURATION = """\
apiVersion: dapr.io/v1alpha1
kind: Configuration
metadata: {{name: tests}}
spec:
  features: [{{name: HotReload, enabled: false}}]
  metric: {{enabled: false}}
  tracing: {{samplingRate: "0"}}
  nameResolution:
    component: sqlite
    version: v1
    configuration: {{connectionString: "{names}", updateInterval: "2s", timeout: "1s", cleanupInterval: "0s"}}
"""


class RealBus:
    """`async with bus.app(app_id, make) as app`: the app that `make(settings)` returns, served, with its sidecar."""

    def __init__(self, binaries: Path, broker: Broker, folder: Path) -> None:
        self._binaries = binaries
        self._folder = folder
        self.broker = broker
        self.secrets = dict(broker.secrets)
        self.apps: dict[str, subprocess.Popen[bytes]] = {}
        self.sidecars: dict[str, subprocess.Popen[bytes]] = {}
        self._starters: dict[str, Callable[[], None]] = {}

    async def __aenter__(self) -> "RealBus":
        resources = self._folder / "resources"
        resources.mkdir()
        (resources / "bus.yaml").write_text(yaml.safe_dump(self.broker.component(ALLOWED)))
        (resources / "resiliency.yaml").write_text((ROOT / "components" / "resiliency.yaml").read_text())
        SECRETS["spec"]["metadata"] = [{"name": "secretsFile", "value": str(self._folder / "secrets.json")}]  # type: ignore[index]
        (resources / "secrets.yaml").write_text(yaml.safe_dump(SECRETS))
        (self._folder / "configuration.yaml").write_text(CONFIGURATION.format(names=self._folder / "names.db"))
        await self.start_broker()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.broker.stop()

    async def start_broker(self) -> None:
        await self.broker.start(self._start)

    async def kill_sidecar(self, app_id: str) -> None:
        """As a crash does; whoever watches it starts it again at once."""
        await asyncio.to_thread(_kill, self.sidecars[app_id])

    async def stream(self, topic: str) -> list[dict[str, Any]]:
        """What the broker holds of a topic."""
        return [_read(body) for body in await self.broker.held(topic)]

    @contextlib.asynccontextmanager
    async def app(self, app_id: str, make: Any) -> AsyncIterator[FastAPI]:
        """In this process, where a test can look into it."""
        ports = self._ports()
        app = make(app_port=ports["app"], dapr_http_port=ports["http"], dapr_api_token=TOKEN, app_api_token=APP_TOKEN)
        server = uvicorn.Server(
            uvicorn.Config(app, host="127.0.0.1", port=ports["app"], log_config=None, timeout_graceful_shutdown=1)
        )
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        serving = asyncio.create_task(server.serve())
        await until(lambda: server.started)
        try:
            async with self._sidecar(app_id, ports):
                async with asyncio.timeout(20):
                    await app.state.chassis.health.started.wait()
                if ALLOWED.subscribed[app_id]:
                    await self.broker.heard_by(app_id, ALLOWED.subscribed[app_id])
                yield app
                server.should_exit = True
                await serving
        finally:
            server.should_exit = True
            await serving

    @contextlib.asynccontextmanager
    async def process(self, app_id: str) -> AsyncIterator[int]:
        """One of `served`'s apps in a process that `kill_app` kills; its port."""
        ports = self._ports()

        def start() -> None:
            told = {"APP_PORT": ports["app"], "DAPR_HTTP_PORT": ports["http"], "TELEMETRY_PORT": ports["telemetry"]}
            command = [sys.executable, "-m", "tests.chassis.events.served", app_id]
            self.apps[app_id] = self._start(app_id, command, ROOT, {name: str(port) for name, port in told.items()})

        start()
        self._starters[app_id] = start
        try:
            async with self._sidecar(app_id, ports):
                await until_answers(ports["app"], "/readyz", 200, {"dapr-api-token": APP_TOKEN})
                yield ports["app"]
        finally:
            await _end(self.apps[app_id])

    async def kill_app(self, app_id: str) -> None:
        """As a crash does; it is started again at once, as the launcher would."""
        await asyncio.to_thread(_kill, self.apps[app_id])
        self._starters[app_id]()

    def _ports(self) -> dict[str, int]:
        names = ("app", "telemetry", "http", "grpc", "internal", "metrics")
        return dict(zip(names, free_ports(len(names)), strict=True))

    @contextlib.asynccontextmanager
    async def _sidecar(self, app_id: str, ports: dict[str, int]) -> AsyncIterator[None]:
        (self._folder / "secrets.json").write_bytes(orjson.dumps(self.secrets))

        def start() -> None:
            self.sidecars[app_id] = self._start(f"{app_id}.sidecar", [
                str(self._binaries / "daprd"), "--app-id", app_id, "--app-port", str(ports["app"]),
                "--dapr-http-port", str(ports["http"]), "--dapr-grpc-port", str(ports["grpc"]),
                "--metrics-port", str(ports["metrics"]), "--dapr-internal-grpc-port", str(ports["internal"]),
                "--dapr-listen-addresses", "127.0.0.1",
                "--config", str(self._folder / "configuration.yaml"),
                "--resources-path", str(self._folder / "resources"),
                "--placement-host-address", "", "--scheduler-host-address", "",
                "--enable-app-health-check", "--app-health-check-path", "/healthz",
                "--app-health-probe-interval", "1", "--app-health-threshold", "3",
            ])  # fmt: skip

        async def keep() -> None:
            """As the launcher does: on some buses a sidecar that starts while the broker is away ends at once."""
            while True:
                if self.sidecars[app_id].poll() is not None:
                    start()
                await asyncio.sleep(0.1)

        start()
        keeping = asyncio.create_task(keep())
        try:
            await until_answers(ports["http"], "/v1.0/healthz/outbound", 204)
            yield
        finally:
            keeping.cancel()
            await _end(self.sidecars[app_id])

    def _start(
        self, name: str, command: list[str], folder: Path | None = None, told: dict[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        with (self._folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                cwd=folder or self._folder,
                env={
                    "PATH": os.environ["PATH"],
                    "HOME": str(self._folder),
                    "DAPR_HOST_IP": "127.0.0.1",
                    "DAPR_API_TOKEN": TOKEN,
                    "APP_API_TOKEN": APP_TOKEN,
                    **(told or {}),
                },
            )


def _read(body: bytes) -> dict[str, Any]:
    try:
        return orjson.loads(body)  # type: ignore[no-any-return]
    except orjson.JSONDecodeError:
        return {"raw": body}


def _kill(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()


async def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        await asyncio.to_thread(process.wait, 5)
    except subprocess.TimeoutExpired:
        _kill(process)
