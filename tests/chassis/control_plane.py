"""A real scheduler and placement, and a daprd for each app: what jobs and workflows need. Without mTLS."""

import contextlib
import os
import signal
import subprocess
from pathlib import Path

from .sidecars import free_ports, until_answers

TOKEN, APP_TOKEN = "sidecar-token", "app-token"
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


class ControlPlane:
    """`async with ControlPlane(binaries, folder) as plane`; `plane.resources` is the folder of components."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self._binaries = binaries
        self._folder = folder
        self.resources = folder / "resources"
        self._ports = free_ports(9)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    async def __aenter__(self) -> "ControlPlane":
        self.resources.mkdir(parents=True)
        (self._folder / "configuration.yaml").write_text(CONFIGURATION.format(names=self._folder / "names.db"))
        placement, health, metrics = self._ports[:3]
        self._start("placement", [
            "--mode=standalone", "--id=dapr-placement-0", f"--port={placement}", "--listen-address=127.0.0.1",
            f"--healthz-port={health}", "--healthz-listen-address=127.0.0.1", f"--metrics-port={metrics}",
            "--metrics-listen-address=127.0.0.1", f"--initial-cluster=dapr-placement-0=127.0.0.1:{self._ports[8]}",
        ])  # fmt: skip
        await self.start_scheduler()
        await until_answers(health, "/healthz", 200)
        return self

    async def __aexit__(self, *_: object) -> None:
        for name in reversed(list(self._processes)):
            self.stop(name)

    async def start_scheduler(self) -> None:
        port, health, metrics, client, peer = self._ports[3:8]
        self._start("scheduler", [
            "--mode=standalone", f"--port={port}", "--listen-address=127.0.0.1", f"--healthz-port={health}",
            "--healthz-listen-address=127.0.0.1", f"--metrics-port={metrics}", "--metrics-listen-address=127.0.0.1",
            f"--override-broadcast-host-port=127.0.0.1:{port}", f"--etcd-data-dir={self._folder / 'etcd'}",
            f"--etcd-client-port={client}", "--etcd-client-listen-address=127.0.0.1",
            f"--etcd-initial-cluster=dapr-scheduler-server-0=http://localhost:{peer}",
        ])  # fmt: skip
        await until_answers(health, "/healthz", 200)

    async def start_sidecar(self, app_id: str, app: int, http: int, grpc: int) -> None:
        """The sidecar of the app that listens, or will, on port `app`."""
        internal, metrics = free_ports(2)
        self._start("daprd", [
            "--app-id", app_id, "--app-port", str(app), "--dapr-http-port", str(http), "--dapr-grpc-port", str(grpc),
            "--metrics-port", str(metrics), "--dapr-internal-grpc-port", str(internal),
            "--dapr-listen-addresses", "127.0.0.1", "--config", str(self._folder / "configuration.yaml"),
            "--resources-path", str(self.resources), "--scheduler-host-address", f"127.0.0.1:{self._ports[3]}",
            "--placement-host-address", f"127.0.0.1:{self._ports[0]}", "--enable-app-health-check",
            "--app-health-check-path", "/healthz", "--app-health-probe-interval", "1", "--app-health-threshold", "2",
        ], as_name=f"{app_id}.sidecar")  # fmt: skip
        await until_answers(http, "/v1.0/healthz/outbound", 204)

    def stop(self, name: str) -> None:
        """With SIGTERM: a scheduler that is killed hard holds every job up for half a minute."""
        process = self._processes.pop(name)
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()

    def _start(self, program: str, arguments: list[str], as_name: str = "") -> None:
        with (self._folder / f"{as_name or program}.log").open("ab") as log:
            self._processes[as_name or program] = subprocess.Popen(
                [str(self._binaries / program), *arguments],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env={
                    "PATH": os.environ["PATH"],
                    "HOME": str(self._folder),
                    "DAPR_HOST_IP": "127.0.0.1",
                    "DAPR_API_TOKEN": TOKEN,
                    "APP_API_TOKEN": APP_TOKEN,
                    "NAMESPACE": "default",
                },
            )
