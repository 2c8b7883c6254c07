"""A real Kubernetes control plane on this machine: API server, controllers, scheduler, and nodes that are simulated.

Everything but containers is real: admission, validation, Pod Security, scheduling, rollouts, budgets. kwok says of each
pod on its nodes that it runs.
"""

import contextlib
import os
import secrets
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from local.credentials import write_private
from tests.chassis.sidecars import free_ports

READY = 60.0  # seconds
NODE = """
apiVersion: v1
kind: Node
metadata:
  name: {name}
  annotations: {{kwok.x-k8s.io/node: fake}}
  labels: {{kubernetes.io/hostname: {name}, topology.kubernetes.io/zone: {zone}}}
status:
  allocatable: {{cpu: "16", memory: 64Gi, pods: "110"}}
  capacity: {{cpu: "16", memory: 64Gi, pods: "110"}}
"""


class Cluster:
    """The programs of one control plane, and kubectl with an administrator's rights."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._folder = folder
        self._kubeconfig = folder / "kubeconfig"
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, nodes: int = 3) -> None:
        """Return when the nodes are ready. Raises AssertionError with the log of what died."""
        client, peer, server = free_ports(3)
        store = f"http://127.0.0.1:{client}"
        self._write(server)
        self._run(
            "etcd", f"--data-dir={self._folder}/etcd", f"--listen-client-urls={store}", "--unsafe-no-fsync",
            f"--advertise-client-urls={store}", f"--listen-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-cluster=default=http://127.0.0.1:{peer}",
        )  # fmt: skip
        key = self._folder / "accounts.pem"
        self._run(
            "kube-apiserver", f"--etcd-servers={store}", "--bind-address=127.0.0.1", f"--secure-port={server}",
            f"--cert-dir={self._folder}/certificates", "--service-cluster-ip-range=10.96.0.0/16",
            f"--service-account-key-file={key}", f"--service-account-signing-key-file={key}",
            "--service-account-issuer=https://kubernetes.default.svc", "--authorization-mode=RBAC",
            f"--token-auth-file={self._folder}/tokens.csv",
        )  # fmt: skip
        self._until("the API server is ready", lambda: self.kubectl("get", "--raw=/readyz", check=False) == "ok")
        common = [f"--kubeconfig={self._kubeconfig}", "--leader-elect=false", "--secure-port=0"]
        self._run("kube-controller-manager", *common, f"--service-account-private-key-file={key}")
        self._run("kube-scheduler", *common)
        self._run("kwok", f"--kubeconfig={self._kubeconfig}", "--manage-all-nodes")
        names = [f"node-{number}" for number in range(nodes)]
        self.apply_text("---".join(NODE.format(name=name, zone=f"zone-{name[-1]}") for name in names))
        self.kubectl("wait", "--for=condition=Ready", "node", "--all", f"--timeout={READY:.0f}s")

    def stop(self) -> None:
        """The last started first; nothing is left running."""
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def kubectl(self, *arguments: str, given: str | None = None, check: bool = True) -> str:
        """What kubectl prints; both streams when it may fail. Raises AssertionError with what it said."""
        done = subprocess.run(
            [str(self._programs / "kubectl"), f"--kubeconfig={self._kubeconfig}", *arguments],
            input=given, capture_output=True, text=True, check=False, timeout=300,
            env={"PATH": os.environ["PATH"], "HOME": str(self._folder)},
        )  # fmt: skip
        assert not check or done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout if check else done.stdout + done.stderr

    def apply(self, *manifests: dict[str, Any], check: bool = True) -> str:
        """Server-side: the API server itself validates, merges and says what is wrong."""
        return self.apply_text(yaml.safe_dump_all(manifests), check=check)

    def apply_text(self, text: str, *, check: bool = True) -> str:
        return self.kubectl("apply", "--server-side", "-f", "-", given=text, check=check)

    def get(self, kind: str, namespace: str) -> list[dict[str, Any]]:
        return list(yaml.safe_load(self.kubectl("get", kind, "-n", namespace, "-o", "yaml"))["items"])

    def _run(self, program: str, *options: str) -> None:
        with (self._folder / f"{program}.log").open("wb") as log:
            command = [str(self._programs / program), *options]
            environment = {"PATH": os.environ["PATH"], "HOME": str(self._folder)}
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder, env=environment)
        self.processes.append(process)

    def _until(self, what: str, holds: Any) -> None:
        deadline = time.monotonic() + READY
        while not holds():
            for process in self.processes:
                program = Path(str(process.args[0])).name  # type: ignore[index]
                said = (self._folder / f"{program}.log").read_text()[-2000:]
                assert process.poll() is None, f"{program} ended: {said}"
            assert time.monotonic() < deadline, f"not within {READY:.0f} s: {what}"
            time.sleep(0.1)

    def _write(self, port: int) -> None:
        token = secrets.token_hex(16)
        write_private(self._folder / "tokens.csv", f'{token},administrator,1,"system:masters"\n')
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_private(self._folder / "accounts.pem", key.decode())
        server = {"server": f"https://127.0.0.1:{port}", "insecure-skip-tls-verify": True}
        kubeconfig = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "here", "cluster": server}],
            "users": [{"name": "administrator", "user": {"token": token}}],
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "administrator"}}],
            "current-context": "here",
        }
        write_private(self._kubeconfig, yaml.safe_dump(kubeconfig))


@contextlib.contextmanager
def running(programs: Path, folder: Path) -> Iterator[Cluster]:
    cluster = Cluster(programs, folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
