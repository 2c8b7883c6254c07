"""A real daprd with mTLS, access control, health checks and a Valkey, for the suite it shares with FakeDapr.

caller-service and callee-service have a sidecar each; behind the callee's is a FakePeer on a loopback server, so that a
test says what it answers in the same words for both. No placement, no scheduler.
"""

import asyncio
import contextlib
import os
import re
import signal
import socket
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from aiohttp import web

from chassis import AppSettings
from chassis.testing import FakeDapr, FakePeer

CALLER, CALLEE = "caller-service", "callee-service"
SIDECAR_TOKEN = "a-sidecar-token"
READY = 60.0  # seconds; a machine that does much beside starts an app slowly

CONFIGURATION = """\
apiVersion: dapr.io/v1alpha1
kind: Configuration
metadata: {{name: {name}}}
spec:
  mtls: {{enabled: true}}
  features: [{{name: HotReload, enabled: false}}]
  metric: {{enabled: false}}
  nameResolution:
    component: sqlite
    version: v1
    configuration: {{connectionString: "{names}", updateInterval: "2s", timeout: "1s", cleanupInterval: "0s"}}
  secrets:
    scopes:
      - {{storeName: secrets, defaultAccess: deny, allowedSecrets: [redis-password, airtable/local/default, forgotten]}}
  accessControl:
    defaultAction: deny
    trustDomain: public
    policies:
      - appId: caller-service
        defaultAction: deny
        trustDomain: public
        namespace: default
        operations:
          - {{name: "/notes/**", httpVerb: [GET, POST, PUT, DELETE, PATCH], action: allow}}
"""

RESOURCES = """\
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {{name: secrets}}
spec:
  type: secretstores.local.file
  version: v1
  metadata: [{{name: secretsFile, value: {secrets}}}]
---
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {{name: state}}
spec:
  type: state.redis
  version: v1
  metadata:
    - {{name: redisHost, value: "127.0.0.1:{redis}"}}
    - {{name: redisPassword, secretKeyRef: {{name: redis-password, key: redis-password}}}}
auth: {{secretStore: secrets}}
"""

# In a file of its own: behind other documents in one file daprd does not see it.
RESILIENCY = """\
apiVersion: dapr.io/v1alpha1
kind: Resiliency
metadata: {name: resiliency}
spec:
  policies:
    retries:
      none: {policy: constant, duration: 10ms, maxRetries: 0}
    timeouts: {quick: 500ms}
  targets:
    apps:
      callee-service: {retry: none}
    components:
      state: {outbound: {timeout: quick}}
"""


class CallerSettings(AppSettings, app_id=CALLER):
    """The app in front of both sidecars."""


def free_ports(count: int) -> list[int]:
    taken = [socket.socket() for _ in range(count)]
    for each in taken:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in taken]
    for each in taken:
        each.close()
    return ports


class RealDapr:
    """The same surface as FakeDapr, as far as the shared suite needs it."""

    def __init__(self, binaries: Path, valkey: Path, folder: Path) -> None:
        self._binaries = binaries
        self._valkey = valkey
        self._folder = folder
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._logs: list[Any] = []
        self._runner: web.ServerRunner | None = None
        names = ["redis", "sentry", "sentry-health", "sentry-metrics", "app"]
        for each in (CALLER, CALLEE):
            names += [f"{each}.{kind}" for kind in ("http", "grpc", "internal", "metrics")]
        self.ports = dict(zip(names, free_ports(len(names)), strict=True))
        self.peer = FakePeer(CALLEE)

    def settings(self) -> dict[str, Any]:
        return {"dapr_http_port": self.ports[f"{CALLER}.http"], "dapr_api_token": SIDECAR_TOKEN}

    async def __aenter__(self) -> "RealDapr":
        try:
            await self._start_all()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def _start_all(self) -> None:
        self._write()
        self._start("redis", [str(self._valkey), str(self._folder / "valkey.conf")])
        self._start_sentry()
        anchors = self._folder / "ca" / "ca.crt"
        await until(lambda: anchors.exists() and "END CERTIFICATE" in anchors.read_text())
        await self.start_app()
        for app_id in (CALLER, CALLEE):
            self.start_sidecar(app_id)
        for app_id in (CALLER, CALLEE):
            await self.healthy(app_id)

    async def __aexit__(self, *_: object) -> None:
        await self.stop_app()
        for process in reversed(self._processes.values()):
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for log in self._logs:
            log.close()

    async def start_app(self) -> None:
        """The callee's app listens."""

        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            if request.path == "/healthz":
                return web.Response()
            if request.path.startswith("/dapr/"):
                return web.Response(status=404)
            return await self.peer.react(request, b"".join([chunk async for chunk in request.content.iter_any()]))

        self._runner = web.ServerRunner(
            web.Server(answer, access_log=None, handler_cancellation=True), shutdown_timeout=0.1
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.ports["app"], reuse_address=True).start()

    async def stop_app(self) -> None:
        """Connections to the callee's app are refused from now on."""
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    def start_sidecar(self, app_id: str) -> None:
        port = {kind: str(self.ports[f"{app_id}.{kind}"]) for kind in ("http", "grpc", "internal", "metrics")}
        command = [
            str(self._binaries / "daprd"), "--app-id", app_id,
            "--dapr-http-port", port["http"], "--dapr-grpc-port", port["grpc"],
            "--dapr-internal-grpc-port", port["internal"], "--metrics-port", port["metrics"],
            "--dapr-listen-addresses", "127.0.0.1", "--dapr-internal-grpc-listen-address", "127.0.0.1",
            "--config", str(self._folder / "configuration.yaml"), "--resources-path", str(self._folder / "resources"),
            "--placement-host-address", "", "--scheduler-host-address", "",
            "--read-buffer-size", "64Ki", "--max-body-size", "16Mi", "--log-level", "info",
            "--enable-mtls", "--sentry-address", f"localhost:{self.ports['sentry']}",
        ]  # fmt: skip
        if app_id == CALLEE:
            command += [
                "--app-port", str(self.ports["app"]), "--enable-app-health-check",
                "--app-health-check-path", "/healthz",
                "--app-health-probe-interval", "1", "--app-health-threshold", "2",
            ]  # fmt: skip
        self._start(app_id, command, {
            "DAPR_TRUST_ANCHORS": (self._folder / "ca" / "ca.crt").read_text(),
            "NAMESPACE": "default",
            "DAPR_HOST_IP": "127.0.0.1",
            "DAPR_API_TOKEN": SIDECAR_TOKEN,
        })  # fmt: skip

    async def kill_sidecar(self, app_id: str) -> None:
        process = self._processes.pop(app_id)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def signal(self, name: str, number: signal.Signals) -> None:
        self._processes[name].send_signal(number)

    async def healthy(self, app_id: str) -> None:
        await until_answers(self.ports[f"{app_id}.http"], "/v1.0/healthz/outbound", 204)

    async def reachable(self) -> None:
        """Wait until a call gets through to the callee's app."""
        self.peer.answers(200, path="/notes/are-you-there")
        headers = {"dapr-app-id": CALLEE, "dapr-api-token": SIDECAR_TOKEN}
        await until_answers(self.ports[f"{CALLER}.http"], "/notes/are-you-there", 200, headers)
        self.peer.requests.clear()

    async def says(self, sign: str) -> None:
        """Wait until daprd answers a call with this pattern: a fault is noticed a moment after it happened."""
        headers = {"dapr-app-id": CALLEE, "dapr-api-token": SIDECAR_TOKEN}
        address = f"http://127.0.0.1:{self.ports[f'{CALLER}.http']}/notes/are-you-there"
        self.peer.answers(200, path="/notes/are-you-there")
        async with aiohttp.ClientSession() as session, asyncio.timeout(READY):
            while True:
                async with session.get(address, headers=headers) as response:
                    if re.search(sign, await response.text()):
                        return
                await asyncio.sleep(0.05)

    def _start(self, name: str, command: list[str], environment: dict[str, str] | None = None) -> None:
        log = (self._folder / f"{name}.log").open("ab")
        self._logs.append(log)
        self._processes[name] = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            cwd=self._folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self._folder), **(environment or {})},
        )

    def _start_sentry(self) -> None:
        (self._folder / "ca").mkdir()
        self._start("sentry", [
            str(self._binaries / "sentry"), "--config", str(self._folder / "sentry.yaml"),
            "--issuer-credentials", str(self._folder / "ca"), "--trust-domain", "localhost", "--mode", "standalone",
            "--port", str(self.ports["sentry"]), "--listen-address", "127.0.0.1",
            "--healthz-port", str(self.ports["sentry-health"]), "--metrics-port", str(self.ports["sentry-metrics"]),
        ])  # fmt: skip

    def _write(self) -> None:
        folder = self._folder
        (folder / "resources").mkdir(parents=True)
        secrets = {"redis-password": "pass", "airtable/local/default": "a token", "identity/signing-key": "not for you"}
        (folder / "secrets.json").write_bytes(orjson.dumps(secrets))
        (folder / "sentry.yaml").write_text(
            "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: {name: sentry}\nspec: {}\n"
        )
        (folder / "configuration.yaml").write_text(CONFIGURATION.format(name="tests", names=folder / "names.db"))
        (folder / "resources" / "all.yaml").write_text(
            RESOURCES.format(secrets=folder / "secrets.json", redis=self.ports["redis"])
        )
        (folder / "resources" / "resiliency.yaml").write_text(RESILIENCY)
        (folder / "valkey.conf").write_text(
            f'bind 127.0.0.1\nport {self.ports["redis"]}\nrequirepass pass\nsave ""\ndir {folder}\n'
        )


async def until(condition: Any) -> None:
    async with asyncio.timeout(READY):
        while not condition():  # noqa: ASYNC110  another process has no Event
            await asyncio.sleep(0.02)


async def until_answers(port: int, path: str, status: int, headers: dict[str, str] | None = None) -> None:
    async with aiohttp.ClientSession() as session, asyncio.timeout(READY):
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"http://127.0.0.1:{port}{path}", headers=headers) as response:
                    if response.status == status:
                        return
            await asyncio.sleep(0.05)


class Sidecar:
    """One of the two, with the faults a test can ask for."""

    def __init__(self, dapr: FakeDapr | RealDapr) -> None:
        self.dapr = dapr
        self.real = isinstance(dapr, RealDapr)

    @property
    def peer(self) -> FakePeer:
        return self.dapr.peer if isinstance(self.dapr, RealDapr) else self.dapr.peers[CALLEE]

    def settings(self) -> dict[str, Any]:
        return {**self.dapr.settings(), "app_api_token": None}

    @contextlib.asynccontextmanager
    async def fault(self, name: str) -> AsyncIterator[None]:
        """`dead`, `unhealthy`, `sidecar-dead` and `denied` (on /closed), while the block runs."""
        real = self.dapr if isinstance(self.dapr, RealDapr) else None
        if real is None:
            self.peer.fails(name)  # type: ignore[arg-type]
            yield
            return
        signs = {"dead": "refused", "unhealthy": "not in a healthy state", "denied": ""}
        signs["sidecar-dead"] = "refused|no host found"  # the second after 5 s, when its registration has gone too
        try:
            if name in ("dead", "unhealthy"):
                await real.stop_app()
            elif name == "sidecar-dead":
                await real.kill_sidecar(CALLEE)
            await real.says(signs[name])
            yield
        finally:
            if name in ("dead", "unhealthy"):
                await real.start_app()
            elif name == "sidecar-dead":
                real.start_sidecar(CALLEE)
                await real.healthy(CALLEE)
            await real.reachable()
