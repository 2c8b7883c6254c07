"""A real Valkey and a daprd for each app, with the bus and the resiliency that `make configure` writes for apps."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import orjson
import redis
import uvicorn
import yaml
from fastapi import FastAPI

from local.bus import bus
from local.topics import Topics
from tests.chassis.sidecars import free_ports, until, until_answers

ROOT = Path(__file__).parents[3]
TOKEN, APP_TOKEN = "sidecar-token", "app-token"
ADDED, FAILED, DEAD = "note-service.note-added", "reader-service.event-failed", "dead-letters.reader-service"
ALLOWED = Topics(
    published={"note-service": {ADDED}, "reader-service": {FAILED, DEAD}, "idle-service": set()},
    subscribed={"note-service": set(), "reader-service": {ADDED}, "idle-service": set()},
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

    def __init__(self, binaries: Path, valkey: Path, folder: Path) -> None:
        self._binaries = binaries
        self._valkey = valkey
        self._folder = folder
        (self._port,) = free_ports(1)
        self.secrets: dict[str, str] = {"redis-host": f"127.0.0.1:{self._port}", "redis-password": "pass"}
        self.broker: subprocess.Popen[bytes] | None = None
        self.sidecars: dict[str, subprocess.Popen[bytes]] = {}
        self._starters: dict[str, Callable[[], None]] = {}
        self.client = redis.Redis("127.0.0.1", self._port, password="pass")

    async def __aenter__(self) -> "RealBus":
        folder = self._folder
        (folder / "resources").mkdir(parents=True)
        (folder / "resources" / "bus.yaml").write_text(yaml.safe_dump(bus(ALLOWED)))
        (folder / "resources" / "resiliency.yaml").write_text((ROOT / "components" / "resiliency.yaml").read_text())
        SECRETS["spec"]["metadata"] = [{"name": "secretsFile", "value": str(folder / "secrets.json")}]  # type: ignore[index]
        (folder / "resources" / "secrets.yaml").write_text(yaml.safe_dump(SECRETS))
        (folder / "configuration.yaml").write_text(CONFIGURATION.format(names=folder / "names.db"))
        (folder / "valkey.conf").write_text(
            f"bind 127.0.0.1\nport {self._port}\nrequirepass pass\nappendonly yes\nsave ''\ndir {folder}\n"
        )
        await self.start_broker()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.client.close()
        if self.broker:
            self.broker.terminate()
            self.broker.wait()

    async def start_broker(self) -> None:
        self.broker = self._start("valkey", [str(self._valkey), str(self._folder / "valkey.conf")])
        await until(self._broker_answers)

    def kill_broker(self) -> None:
        assert self.broker
        self.broker.kill()
        self.broker.wait()

    async def kill_sidecar(self, app_id: str) -> None:
        """As a crash does; it is started again at once, as the launcher would."""
        self.sidecars[app_id].kill()
        self.sidecars[app_id].wait()
        self._starters[app_id]()

    def _broker_answers(self) -> bool:
        with contextlib.suppress(redis.ConnectionError):
            return bool(self.client.ping())
        return False

    def stream(self, topic: str) -> list[dict[str, Any]]:
        """What the broker holds of a topic."""
        return [orjson.loads(fields[b"data"]) for _, fields in self.client.xrange(topic)]

    def add(self, topic: str, body: bytes) -> None:
        """As somebody does who writes to the broker past every sidecar."""
        self.client.xadd(topic, {"data": body})

    @contextlib.asynccontextmanager
    async def app(self, app_id: str, make: Any) -> AsyncIterator[FastAPI]:
        (self._folder / "secrets.json").write_bytes(orjson.dumps(self.secrets))
        app_port, http, grpc, internal, metrics = free_ports(5)
        app = make(app_port=app_port, dapr_http_port=http, dapr_api_token=TOKEN, app_api_token=APP_TOKEN)
        server = uvicorn.Server(
            uvicorn.Config(app, host="127.0.0.1", port=app_port, log_config=None, timeout_graceful_shutdown=1)
        )
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        serving = asyncio.create_task(server.serve())
        await until(lambda: server.started)

        def start() -> None:
            self.sidecars[app_id] = self._start(app_id, [
                str(self._binaries / "daprd"), "--app-id", app_id, "--app-port", str(app_port),
                "--dapr-http-port", str(http), "--dapr-grpc-port", str(grpc), "--metrics-port", str(metrics),
                "--dapr-internal-grpc-port", str(internal), "--dapr-listen-addresses", "127.0.0.1",
                "--config", str(self._folder / "configuration.yaml"),
                "--resources-path", str(self._folder / "resources"),
                "--placement-host-address", "", "--scheduler-host-address", "",
                "--enable-app-health-check", "--app-health-check-path", "/healthz",
                "--app-health-probe-interval", "1", "--app-health-threshold", "3",
            ])  # fmt: skip

        start()
        self._starters[app_id] = start
        try:
            await until_answers(http, "/v1.0/healthz/outbound", 204)
            async with asyncio.timeout(20):
                await app.state.chassis.health.started.wait()
            yield app
        finally:
            server.should_exit = True
            await serving
            self.sidecars[app_id].send_signal(signal.SIGTERM)
            try:
                await asyncio.to_thread(self.sidecars[app_id].wait, 5)
            except subprocess.TimeoutExpired:
                self.sidecars[app_id].kill()
                self.sidecars[app_id].wait()

    def _start(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        with (self._folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env={
                    "PATH": os.environ["PATH"],
                    "HOME": str(self._folder),
                    "DAPR_HOST_IP": "127.0.0.1",
                    "DAPR_API_TOKEN": TOKEN,
                    "APP_API_TOKEN": APP_TOKEN,
                },
            )
